package informers

import (
	"maps"
	"sync"

	toolscache "k8s.io/client-go/tools/cache"
)

// informer watches the objects of one kind, of one namespace or of all. It calls its handlers one after another, in the goroutine that changes the
// store. A SharedIndexInformer has two goroutines and a buffer of 16 KiB for each handler instead, so that a slow one delays no other. No handler is
// slow here, and there may be 800 informers.
type informer struct {
	store      toolscache.Indexer
	controller toolscache.Controller
	// delivered is one of the handlers; nil for a kind that is not followed.
	delivered *delivered

	// mu is held while handlers are called, so that each of them gets an object before its changes.
	mu       sync.Mutex
	handlers []toolscache.ResourceEventHandler
}

// newInformer makes an informer that is not running.
func newInformer(kind Kind, from requests, transform toolscache.TransformFunc) *informer {
	n := &informer{}
	indexers := toolscache.Indexers{}
	maps.Copy(indexers, kind.Indexers)
	store, controller := toolscache.NewInformerWithOptions(toolscache.InformerOptions{
		ListerWatcher: from, ObjectType: kind.Object, Handler: n, Indexers: indexers, Transform: transform,
	})
	n.store, n.controller = store.(toolscache.Indexer), controller
	if kind.Followed {
		n.delivered = &delivered{store: n.store}
		n.handlers = append(n.handlers, n.delivered) // first, because the other handlers may ask for the newest version
	}
	return n
}

// add adds a handler, which gets the objects of the store as an initial list. What has come to the store and not to the handlers yet, it gets twice.
func (n *informer) add(handler toolscache.ResourceEventHandler) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, object := range n.store.List() {
		handler.OnAdd(object, true)
	}
	n.handlers = append(n.handlers, handler)
}

// end tells the handlers that the objects are gone, except for those that are kept. The informer must have stopped. What was last in its store may
// not be the last state of the objects, and they may still exist.
func (n *informer) end(kept func(key string) bool) {
	for _, key := range n.store.ListKeys() {
		if object, exists, _ := n.store.GetByKey(key); exists && !kept(key) {
			n.OnDelete(toolscache.DeletedFinalStateUnknown{Key: key, Obj: object})
		}
	}
}

// OnAdd implements toolscache.ResourceEventHandler.
func (n *informer) OnAdd(object any, isInInitialList bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, handler := range n.handlers {
		handler.OnAdd(object, isInInitialList)
	}
}

// OnUpdate implements toolscache.ResourceEventHandler.
func (n *informer) OnUpdate(before, after any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, handler := range n.handlers {
		handler.OnUpdate(before, after)
	}
}

// OnDelete implements toolscache.ResourceEventHandler.
func (n *informer) OnDelete(object any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, handler := range n.handlers {
		handler.OnDelete(object)
	}
}
