package get

import (
	"errors"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/cache"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/kubeconfig"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/config"
)

// snapshot holds what was read, by kind. A kind that the user may not read has no store.
type snapshot struct {
	*options
	objects map[kind]cache.Indexer
	// oneNamespace reports that the Namespace was read by its name, because the user may not list or watch namespaces.
	oneNamespace bool
	// observation is what holds for all leaders. A watch does not follow it.
	observation status.Observation
	// leases are those that the Services to show follow.
	leases status.Leases
	// notes name what the user may not read.
	notes []string
}

func newSnapshot(o *options) *snapshot {
	return &snapshot{options: o, objects: map[kind]cache.Indexer{}}
}

// knows reports whether the user may read a kind.
func (s *snapshot) knows(of kind) bool {
	return s.objects[of] != nil
}

// fill replaces the objects of a kind.
func (s *snapshot) fill(of kind, list runtime.Object) error {
	s.objects[of] = cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
	return meta.EachListItem(list, func(item runtime.Object) error { return s.objects[of].Add(item) })
}

// all returns the objects of a kind in a namespace.
func all[T any](s *snapshot, of kind, namespace string) []T {
	if !s.knows(of) {
		return nil
	}
	var found []T
	objects, _ := s.objects[of].ByIndex(cache.NamespaceIndex, namespace) // fails only without that index
	for _, object := range objects {
		if typed, ok := object.(T); ok {
			found = append(found, typed)
		}
	}
	return found
}

// service returns the Service with a name; nil if there is none.
func (s *snapshot) service(name string) *corev1.Service {
	object, _, _ := s.objects[services].GetByKey(cache.NewObjectName(s.namespace, name).String())
	service, _ := object.(*corev1.Service)
	return service
}

// names returns the names in the arguments. It replaces that of a leader Service by that of the Service it was made for.
func (s *snapshot) names() []string {
	var names []string
	for _, name := range s.services {
		name = kubeconfig.ServiceName(name)
		if service := s.service(name); service != nil {
			if source := s.service(status.SourceOf(service)); source != nil && status.Made(service, source) {
				name = source.Name
			}
		}
		names = append(names, name)
	}
	return names
}

// missing returns an error for each Service in the arguments that does not exist.
func (s *snapshot) missing() error {
	var errs []error
	for _, name := range s.names() {
		if s.service(name) == nil {
			errs = append(errs, apierrors.NewNotFound(corev1.Resource("services"), name))
		}
	}
	return errors.Join(errs...)
}

// asked returns the Services of a namespace to show, sorted by name.
func (s *snapshot) asked(namespace string) []*corev1.Service {
	names := s.names()
	found := slices.DeleteFunc(all[*corev1.Service](s, services, namespace), func(service *corev1.Service) bool {
		if len(names) > 0 {
			return !slices.Contains(names, service.Name)
		}
		value, annotated := service.Annotations[config.EnabledKey]
		return !annotated || value == "false" || !s.matching.Matches(labels.Set(service.Labels))
	})
	slices.SortFunc(found, func(a, b *corev1.Service) int { return strings.Compare(a.Name, b.Name) })
	return found
}

// leaders returns the leaders of a namespace.
func (s *snapshot) leaders(namespace string) []status.Leader {
	o := status.Objects{
		Namespace: s.namespaceOf(namespace), PodsKnown: s.knows(pods), Observation: s.observation,
		Services: all[*corev1.Service](s, services, namespace),
		Slices:   all[*discoveryv1.EndpointSlice](s, endpointSlices, namespace),
		Pods:     all[*corev1.Pod](s, pods, namespace),
		Events:   all[*corev1.Event](s, events, namespace),
		Leases:   s.leases,
	}
	var leaders []status.Leader
	for _, service := range s.asked(namespace) {
		o.Service = service
		leaders = append(leaders, status.Of(o))
	}
	return leaders
}

// list returns the leaders of all namespaces that were asked for.
func (s *snapshot) list(warnings []status.Warning) *status.List {
	list := &status.List{
		TypeMeta: metav1.TypeMeta{APIVersion: status.APIVersion, Kind: status.KindList},
		Items:    []status.Leader{}, Warnings: warnings,
	}
	namespaces := s.objects[services].ListIndexFuncValues(cache.NamespaceIndex)
	slices.Sort(namespaces)
	for _, namespace := range namespaces {
		list.Items = append(list.Items, s.leaders(namespace)...)
	}
	return list
}

// namespaceOf returns the Namespace; nil if the user may not read it.
func (s *snapshot) namespaceOf(name string) metav1.Object {
	if !s.knows(namespaces) {
		return nil
	}
	object, _, _ := s.objects[namespaces].GetByKey(name)
	namespace, _ := object.(metav1.Object)
	return namespace
}
