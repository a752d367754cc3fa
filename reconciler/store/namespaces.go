package store

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// NamespaceHandler enqueues the Services of a namespace that opts in or out.
func NamespaceHandler(stores *Stores) handler.TypedEventHandler[*metav1.PartialObjectMetadata, reconcile.Request] {
	enqueue := func(q Queue, namespace string) {
		for _, service := range stores.EnabledServices(namespace) {
			q.Add(reconcile.Request{NamespacedName: client.ObjectKeyFromObject(service)})
		}
	}
	return handler.TypedFuncs[*metav1.PartialObjectMetadata, reconcile.Request]{
		CreateFunc: func(_ context.Context, e event.TypedCreateEvent[*metav1.PartialObjectMetadata], q Queue) {
			if !e.IsInInitialList { // a new namespace: the events of its Services may have come first
				enqueue(q, e.Object.Name)
			}
		},
		UpdateFunc: func(_ context.Context, e event.TypedUpdateEvent[*metav1.PartialObjectMetadata], q Queue) {
			if namespaceChanged(e.ObjectOld, e.ObjectNew) {
				enqueue(q, e.ObjectNew.Name)
			}
		},
		DeleteFunc: func(_ context.Context, e event.TypedDeleteEvent[*metav1.PartialObjectMetadata], q Queue) {
			enqueue(q, e.Object.Name)
		},
	}
}
