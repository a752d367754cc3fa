package dashboard

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"
)

// handlerOf returns what to do when an object of a kind changes. Its functions are called one after another for one kind, and at the same
// time for different kinds.
func (f *feed) handlerOf(k kind) cache.ResourceEventHandler {
	change := func(before, after any) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.changed(k, before, after)
	}
	return cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { change(nil, object) },
		UpdateFunc: change,
		DeleteFunc: func(object any) {
			if last, isUnknown := object.(cache.DeletedFinalStateUnknown); isUnknown {
				object = last.Obj
			}
			change(object, nil)
		},
	}
}

// changed notes what an object's change tells, and whose rows it may change. The caller holds mu.
func (f *feed) changed(k kind, before, after any) {
	now := time.Now()
	if k.name == nodes.name {
		// A node changes every few seconds. Only a disruption concerns the page.
		old, _ := before.(*corev1.Node)
		node, _ := after.(*corev1.Node)
		f.mark(f.journal.Node(old, node, f.podsOn(nameOf(before, after)), now)...)
		return
	}
	if k.name == pods.name {
		old, _ := before.(*corev1.Pod)
		pod, _ := after.(*corev1.Pod)
		f.journal.Pod(old, pod, now)
	}
	object, _ := after.(metav1.Object)
	if object == nil {
		object, _ = before.(metav1.Object)
	}
	switch {
	case object == nil:
	case k.name == namespaces.name:
		f.mark(object.GetName())
	default:
		f.mark(object.GetNamespace())
	}
}

// mark notes that the rows of namespaces may have changed. The caller holds mu.
func (f *feed) mark(names ...string) {
	if len(names) > 0 {
		f.dirty.Insert(names...)
		f.signal()
	}
}

// nameOf returns the name of the one of two objects that is not nil.
func nameOf(before, after any) string {
	for _, object := range []any{after, before} {
		if object, ok := object.(metav1.Object); ok {
			return object.GetName()
		}
	}
	return ""
}

// rereadNodes notes what has happened to nodes that were read before their pods.
func (f *feed) rereadNodes() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, node := range all[*corev1.Node](f, nodes) {
		f.changed(nodes, nil, node)
	}
}

// podsOn returns the pods on a node.
func (f *feed) podsOn(node string) []*corev1.Pod {
	return indexed[*corev1.Pod](f, pods, nodeIndex, node)
}

// all returns the objects of a kind.
func all[T any](f *feed, k kind) []T {
	if f.stores[k.name] == nil {
		return nil
	}
	return typed[T](f.stores[k.name].List())
}

// indexed returns the objects of a kind with this value in an index.
func indexed[T any](f *feed, k kind, index, value string) []T {
	if f.stores[k.name] == nil {
		return nil
	}
	objects, _ := f.stores[k.name].ByIndex(index, value) // fails only without that index
	return typed[T](objects)
}

func typed[T any](objects []any) []T {
	found := make([]T, 0, len(objects))
	for _, object := range objects {
		if one, ok := object.(T); ok {
			found = append(found, one)
		}
	}
	return found
}
