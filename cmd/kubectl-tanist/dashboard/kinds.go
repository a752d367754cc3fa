package dashboard

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
)

// kind is a kind of objects that is watched.
type kind struct {
	// name is as in messages.
	name    string
	example runtime.Object
	// missing is what the page lacks if the user may not read the kind. It is empty for a kind without which there is no page.
	missing string
	// source lists and watches the kind in a namespace; empty for all of them.
	source func(client kubernetes.Interface, namespace string) *cache.ListWatch
}

// The kinds that are watched.
var (
	services = kind{"Services", &corev1.Service{}, "", func(c kubernetes.Interface, namespace string) *cache.ListWatch {
		return sourceOf(c.CoreV1().Services(namespace), fields.Everything())
	}}
	endpointSlices = kind{"EndpointSlices", &discoveryv1.EndpointSlice{}, "", func(c kubernetes.Interface, namespace string) *cache.ListWatch {
		return sourceOf(c.DiscoveryV1().EndpointSlices(namespace), fields.Everything())
	}}
	pods = kind{"pods", &corev1.Pod{}, "disruptions, candidates and how leaders are watched are not shown",
		func(c kubernetes.Interface, namespace string) *cache.ListWatch {
			return sourceOf(c.CoreV1().Pods(namespace), fields.Everything())
		}}
	namespaces = kind{"Namespaces", &corev1.Namespace{}, "whether they are opted in is not shown",
		func(c kubernetes.Interface, namespace string) *cache.ListWatch {
			only := fields.Everything()
			if namespace != metav1.NamespaceAll {
				only = fields.OneTermEqualSelector(metav1.ObjectNameField, namespace)
			}
			return sourceOf(c.CoreV1().Namespaces(), only)
		}}
	events = kind{"Events", &corev1.Event{}, "Tanist's writes that the API server rejects are not shown",
		func(c kubernetes.Interface, namespace string) *cache.ListWatch {
			return sourceOf(c.CoreV1().Events(namespace), fields.OneTermEqualSelector("reason", status.ReasonWriteRefused))
		}}
	nodes = kind{"nodes", &corev1.Node{}, "cordons, and nodes that Kubernetes does not hear from, are not shown",
		func(c kubernetes.Interface, _ string) *cache.ListWatch {
			return sourceOf(c.CoreV1().Nodes(), fields.Everything())
		}}

	allKinds = []kind{services, endpointSlices, namespaces, events, nodes, pods}
)

// resource is the part of a typed client that an informer needs.
type resource[L runtime.Object] interface {
	List(ctx context.Context, options metav1.ListOptions) (L, error)
	Watch(ctx context.Context, options metav1.ListOptions) (watch.Interface, error)
}

// sourceOf lists and watches what matches a selector.
func sourceOf[L runtime.Object](r resource[L], only fields.Selector) *cache.ListWatch {
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			options.FieldSelector = only.String()
			list, err := r.List(ctx, options)
			if err != nil {
				return nil, err
			}
			return list, nil
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			options.FieldSelector = only.String()
			return r.Watch(ctx, options)
		},
	}
}

// reporting has each attempt to list or watch reported, so that the page can say when it is out of date.
func reporting(source *cache.ListWatch, report func(error)) *cache.ListWatch {
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			list, err := source.ListWithContext(ctx, options)
			report(err)
			return list, err
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			watching, err := source.WatchWithContext(ctx, options)
			report(err)
			return watching, err
		},
	}
}
