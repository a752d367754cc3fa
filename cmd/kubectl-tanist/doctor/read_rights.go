package doctor

import (
	"cmp"
	"context"
	"strings"

	"golang.org/x/sync/errgroup"
	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/certs"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/deploy"
)

// parallelReviews is how many questions about rights are asked at a time. There are some fifty.
const parallelReviews = 8

// evictions is a right that the chart does not give by default, and that Services may ask for.
var evictions = authorizationv1.ResourceAttributes{Verb: "create", Resource: "pods", Subresource: "eviction"}

// readRights asks the API server for each right of the manifest, for those that its flags need, and for that to evict pods, whether Tanist's
// account has it.
func (r *reader) readRights(ctx context.Context, f *facts) error {
	needed, err := rightsIn(deploy.InstallYAML, r.tanistNamespace)
	if err != nil {
		return err
	}
	needed = append(needed, evictions)
	if only := f.onlyNamespaces(); only != "" {
		needed = limited(needed, strings.Split(only, ","), r.tanistNamespace)
	}
	needed = append(needed, f.rightsOfFlags()...)
	rights := make([]right, len(needed))
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(parallelReviews)
	for i, attributes := range needed {
		group.Go(func() error {
			review, err := r.client.AuthorizationV1().SubjectAccessReviews().Create(groupCtx, f.review(attributes), metav1.CreateOptions{})
			if err == nil {
				rights[i] = right{attributes: attributes, granted: review.Status.Allowed}
			}
			return err
		})
	}
	err = group.Wait()
	if apierrors.IsForbidden(err) {
		f.rights = reading[[]right]{unread: "may not create SubjectAccessReviews"}
		return nil
	}
	return answered(&f.rights, "rights", rights, err)
}

// review asks whether Tanist's account has a right.
func (f *facts) review(attributes authorizationv1.ResourceAttributes) *authorizationv1.SubjectAccessReview {
	return &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User:               "system:serviceaccount:" + f.tanistNamespace + ":" + f.account(),
		Groups:             []string{"system:serviceaccounts", "system:serviceaccounts:" + f.tanistNamespace, "system:authenticated"},
		ResourceAttributes: &attributes,
	}}
}

// account returns the name of Tanist's ServiceAccount.
func (f *facts) account() string {
	if f.deployment.found {
		return cmp.Or(f.deployment.value.Spec.Template.Spec.ServiceAccountName, config.ReplicaName)
	}
	return config.ReplicaName
}

// rightsOfFlags returns the rights that the chart gives only with values that set these flags, and that the manifest does not have.
func (f *facts) rightsOfFlags() (rights []authorizationv1.ResourceAttributes) {
	if f.selfManaged() {
		for _, resource := range []string{"mutatingwebhookconfigurations", "validatingwebhookconfigurations"} {
			rights = append(rights, authorizationv1.ResourceAttributes{
				Verb: "patch", Group: "admissionregistration.k8s.io", Resource: resource, Name: config.WebhookConfiguration(f.tanistNamespace),
			})
		}
		for _, verb := range []string{"list", "watch", "patch"} {
			rights = append(rights, authorizationv1.ResourceAttributes{
				Verb: verb, Resource: "secrets", Name: certs.SelfManagedSecret, Namespace: f.tanistNamespace,
			})
		}
	}
	if f.onlyNamespaces() != "" {
		rights = append(rights, authorizationv1.ResourceAttributes{Verb: "create", Group: "events.k8s.io", Resource: "events", Namespace: metav1.NamespaceDefault})
	}
	return rights
}
