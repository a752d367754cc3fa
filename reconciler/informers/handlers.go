package informers

import (
	"context"

	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	ctrlsource "sigs.k8s.io/controller-runtime/pkg/source"
)

// Handle calls a handler for the objects of a kind, of the namespaces that can be read now and of those that can be later. When it returns, the
// handler has got the objects that are there now. The handler must not block: it would delay the other handlers of the kind, and what is read.
func (i *Informers) Handle(kind string, handler toolscache.ResourceEventHandler) {
	at := i.indexOf(kind)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.handlers[at] = append(i.handlers[at], handler)
	for _, s := range i.sets() {
		if s.readable {
			s.informers[at].add(handler)
		}
	}
}

// Source returns a source of a controller: the events of a kind, whose objects are of type T.
func Source[T client.Object](i *Informers, kind string, h handler.TypedEventHandler[T, reconcile.Request]) ctrlsource.Source {
	return ctrlsource.Func(func(ctx context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
		i.Handle(kind, eventHandler[T]{ctx: ctx, handler: h, queue: queue})
		return nil
	})
}

// eventHandler adapts a controller's handler to an informer.
type eventHandler[T client.Object] struct {
	ctx     context.Context
	handler handler.TypedEventHandler[T, reconcile.Request]
	queue   workqueue.TypedRateLimitingInterface[reconcile.Request]
}

func (h eventHandler[T]) OnAdd(object any, isInInitialList bool) {
	if typed, ok := object.(T); ok {
		h.handler.Create(h.ctx, event.TypedCreateEvent[T]{Object: typed, IsInInitialList: isInInitialList}, h.queue)
	}
}

func (h eventHandler[T]) OnUpdate(before, after any) {
	old, ok := before.(T)
	if typed, is := after.(T); ok && is {
		h.handler.Update(h.ctx, event.TypedUpdateEvent[T]{ObjectOld: old, ObjectNew: typed}, h.queue)
	}
}

func (h eventHandler[T]) OnDelete(object any) {
	tombstone, unknown := object.(toolscache.DeletedFinalStateUnknown)
	if unknown {
		object = tombstone.Obj
	}
	if typed, ok := object.(T); ok {
		h.handler.Delete(h.ctx, event.TypedDeleteEvent[T]{Object: typed, DeleteStateUnknown: unknown}, h.queue)
	}
}
