package get

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/installation"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
)

// reader reads from one cluster what the command line asks for.
type reader struct {
	*options
	client kubernetes.Interface
}

// installation reads about Tanist itself.
func (r *reader) installation() installation.Reader {
	return installation.Reader{Client: r.client, Namespace: r.tanistNamespace}
}

// kind is a kind of objects, named as in messages.
type kind string

// The kinds that are read.
const (
	services       kind = "Services"
	endpointSlices kind = "EndpointSlices"
	pods           kind = "pods"
	namespaces     kind = "Namespaces"
	events         kind = "Events"
)

// optional are the kinds that a user need not be allowed to read, and what is missing without them.
var optional = map[kind]string{
	pods:       "candidates, drain windows and revisions are not shown",
	namespaces: "whether they are opted in is not shown",
	events:     "Tanist's writes that the API server rejects are not shown",
}

// source lists and watches one kind in the namespace that was asked for.
func (r *reader) source(of kind) cache.ListerWatcher {
	core := r.client.CoreV1().RESTClient()
	switch of {
	case endpointSlices:
		return cache.NewListWatchFromClient(r.client.DiscoveryV1().RESTClient(), "endpointslices", r.namespace, fields.Everything())
	case events:
		return cache.NewListWatchFromClient(core, "events", r.namespace, fields.OneTermEqualSelector("reason", status.ReasonWriteRefused))
	case pods:
		return cache.NewListWatchFromClient(core, "pods", r.namespace, fields.Everything())
	case namespaces:
		only := fields.Everything()
		if !r.allNamespaces {
			only = fields.OneTermEqualSelector(metav1.ObjectNameField, r.namespace)
		}
		return cache.NewListWatchFromClient(core, "namespaces", metav1.NamespaceAll, only)
	default:
		return cache.NewListWatchFromClient(core, "services", r.namespace, fields.Everything())
	}
}

// read reads everything once.
func (r *reader) read(ctx context.Context) (*snapshot, error) {
	s := newSnapshot(r.options)
	s.observation = r.installation().Observation(ctx)
	for _, of := range []kind{services, endpointSlices, pods, namespaces, events} {
		listed, err := cache.ToListerWatcherWithContext(r.source(of)).ListWithContext(ctx, metav1.ListOptions{})
		if of == namespaces && apierrors.IsForbidden(err) && !r.allNamespaces {
			listed, err = r.oneNamespace(ctx)
			s.oneNamespace = true
		}
		if err == nil {
			err = s.fill(of, listed)
		}
		missing, isOptional := optional[of]
		switch {
		case err == nil:
		case isOptional && apierrors.IsForbidden(err):
			s.notes = append(s.notes, fmt.Sprintf("%s: %v", missing, err))
		default:
			return nil, fmt.Errorf("failed to list %s: %w", of, err)
		}
	}
	return s, r.readLeases(ctx, s)
}

// oneNamespace gets the Namespace for a user with permissions in one namespace only, who may get it but not list it.
func (r *reader) oneNamespace(ctx context.Context) (runtime.Object, error) {
	namespace, err := r.client.CoreV1().Namespaces().Get(ctx, r.namespace, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	return &metav1.PartialObjectMetadataList{Items: []metav1.PartialObjectMetadata{{ObjectMeta: namespace.ObjectMeta}}}, nil
}
