package get

import (
	"errors"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/config"
)

// world is what was read: the objects of each kind by namespace and name.
type world struct {
	*options
	objects map[kind]map[string]map[string]metav1.Object
	// oneNamespace says that the Namespace was read by its name, because namespaces may not be listed or watched.
	oneNamespace bool
	// notes say what could not be read.
	notes []string
}

func newWorld(o *options) *world {
	return &world{options: o, objects: map[kind]map[string]map[string]metav1.Object{}}
}

// knows reports whether a kind may be read.
func (w *world) knows(of kind) bool {
	return w.objects[of] != nil
}

// fill replaces all there is of a kind.
func (w *world) fill(of kind, list runtime.Object) {
	w.objects[of] = map[string]map[string]metav1.Object{}
	// It only fails for what is no list.
	_ = meta.EachListItem(list, func(item runtime.Object) error {
		if object, ok := item.(metav1.Object); ok {
			w.set(of, object)
		}
		return nil
	})
}

func (w *world) set(of kind, object metav1.Object) {
	namespace := object.GetNamespace()
	if w.objects[of][namespace] == nil {
		w.objects[of][namespace] = map[string]metav1.Object{}
	}
	w.objects[of][namespace][object.GetName()] = object
}

func (w *world) remove(of kind, object metav1.Object) {
	delete(w.objects[of][object.GetNamespace()], object.GetName())
}

// all are the objects of a kind in a namespace.
func all[T any](w *world, of kind, namespace string) []T {
	found := make([]T, 0, len(w.objects[of][namespace]))
	for _, object := range w.objects[of][namespace] {
		if typed, ok := object.(T); ok {
			found = append(found, typed)
		}
	}
	return found
}

// names are the Services that were named; for a leader Service the one that it was made for.
func (w *world) names() []string {
	var names []string
	for _, name := range w.services {
		name = strings.TrimPrefix(name, "service/")
		if service, ok := w.objects[services][w.namespace][name].(*corev1.Service); ok {
			if source, ok := w.objects[services][w.namespace][status.SourceOf(service)].(*corev1.Service); ok && status.Made(service, source) {
				name = source.Name
			}
		}
		names = append(names, name)
	}
	return names
}

// missing is an error for each Service that was named and is not there.
func (w *world) missing() error {
	var errs []error
	for _, name := range w.names() {
		if w.objects[services][w.namespace][name] == nil {
			errs = append(errs, apierrors.NewNotFound(corev1.Resource("services"), name))
		}
	}
	return errors.Join(errs...)
}

// asked are the Services of a namespace to show, by name.
func (w *world) asked(namespace string) []*corev1.Service {
	names := w.names()
	found := slices.DeleteFunc(all[*corev1.Service](w, services, namespace), func(service *corev1.Service) bool {
		if len(names) > 0 {
			return !slices.Contains(names, service.Name)
		}
		value, annotated := service.Annotations[config.EnabledKey]
		return !annotated || value == "false" || !w.matching.Matches(labels.Set(service.Labels))
	})
	slices.SortFunc(found, func(a, b *corev1.Service) int { return strings.Compare(a.Name, b.Name) })
	return found
}

// leaders are what there is to say of a namespace.
func (w *world) leaders(namespace string) []status.Leader {
	o := status.Objects{
		Namespace: w.namespaceOf(namespace), PodsKnown: w.knows(pods),
		Services: all[*corev1.Service](w, services, namespace),
		Slices:   all[*discoveryv1.EndpointSlice](w, endpointSlices, namespace),
		Pods:     all[*corev1.Pod](w, pods, namespace),
		Events:   all[*corev1.Event](w, events, namespace),
	}
	var leaders []status.Leader
	for _, service := range w.asked(namespace) {
		o.Service = service
		leaders = append(leaders, status.Of(o))
	}
	return leaders
}

// list is what there is to say of all namespaces that were asked for.
func (w *world) list(warnings []status.Warning) *status.List {
	list := &status.List{
		TypeMeta: metav1.TypeMeta{APIVersion: status.APIVersion, Kind: status.KindList},
		Items:    []status.Leader{}, Warnings: warnings,
	}
	for _, namespace := range slices.Sorted(maps.Keys(w.objects[services])) {
		list.Items = append(list.Items, w.leaders(namespace)...)
	}
	return list
}

// namespaceOf is nil when it may not be read.
func (w *world) namespaceOf(name string) metav1.Object {
	return w.objects[namespaces][metav1.NamespaceAll][name]
}
