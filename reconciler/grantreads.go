package reconciler

import (
	"context"
	"fmt"
	"slices"

	authenticationv1 "k8s.io/api/authentication/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/authentication/serviceaccount"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/grant"
	"github.com/tanist-dev/tanist/grant/server"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/store"
)

// viewOf returns what a slice's metadata say. The UID of the leader is the one that was written with the term: without it nobody gets a grant
// until the next change of leader.
func viewOf(slice *metav1.ObjectMeta) grant.View {
	leader, _, bound := leaderslice.ParseBasis(slice.Annotations)
	view := grant.View{Slice: string(slice.UID), Generation: slice.Generation, Term: leaderslice.ParseTerm(slice.Annotations)}
	if bound && slice.Annotations[config.LeaderKey] != "" {
		view.Leader = string(leader)
	}
	return view
}

// grantReader reads slices from the API server: it implements server.Reader.
type grantReader struct {
	live   client.Reader
	stores *store.Stores
}

// Read implements server.Reader. It reads the metadata alone, which say who leads. A read without a resource version is not answered from the
// API server's cache.
func (r grantReader) Read(ctx context.Context, key types.NamespacedName) (grant.View, error) {
	meta := &metav1.PartialObjectMetadata{}
	meta.SetGroupVersionKind(discoveryv1.SchemeGroupVersion.WithKind("EndpointSlice"))
	if err := r.live.Get(ctx, key, meta); err != nil {
		return grant.View{}, fmt.Errorf("failed to get EndpointSlice %s: %w", key, err)
	}
	if owner := metav1.GetControllerOfNoCopy(meta); owner == nil || !r.isLeaderService(key.Namespace, owner) {
		return grant.View{}, fmt.Errorf("failed to get EndpointSlice %s: no leader Service owns it", key)
	}
	return viewOf(&meta.ObjectMeta), nil
}

// isLeaderService reports whether the owner of a slice is a leader Service of this installation.
func (r grantReader) isLeaderService(namespace string, owner *metav1.OwnerReference) bool {
	service := r.stores.Service(types.NamespacedName{Namespace: namespace, Name: owner.Name})
	return service != nil && service.UID == owner.UID && leaderslice.IsService(owner) && r.stores.ServedByUs(service)
}

// grantReviewer asks the API server whose tokens are: it implements server.Reviewer.
type grantReviewer struct {
	reviews *hedge[client.Writer]
}

// Review implements server.Reviewer. The API server says no to the token of a pod that is gone.
func (r grantReviewer) Review(ctx context.Context, token string) (server.Pod, error) {
	review, err := askHedged(ctx, r.reviews, func(ctx context.Context, on client.Writer) (*authenticationv1.TokenReview, error) {
		review := &authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: token, Audiences: []string{config.TokenAudience}}}
		return review, on.Create(ctx, review)
	})
	if err != nil {
		return server.Pod{}, fmt.Errorf("failed to create TokenReview: %w", err)
	}
	return podOf(&review.Status)
}

// podOf returns the pod that a reviewed token is bound to.
func podOf(status *authenticationv1.TokenReviewStatus) (server.Pod, error) {
	// An API server that knows no audiences would not say for which the token is.
	if !status.Authenticated || !slices.Contains(status.Audiences, config.TokenAudience) {
		return server.Pod{}, server.ErrToken
	}
	namespace, _, err := serviceaccount.SplitUsername(status.User.Username)
	name, uid := status.User.Extra[serviceaccount.PodNameKey], status.User.Extra[serviceaccount.PodUIDKey]
	if err != nil || len(name) != 1 || len(uid) != 1 {
		return server.Pod{}, server.ErrToken
	}
	return server.Pod{Namespace: namespace, Name: name[0], UID: uid[0]}, nil
}
