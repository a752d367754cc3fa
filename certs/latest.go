package certs

import (
	"sync/atomic"

	toolscache "k8s.io/client-go/tools/cache"
)

// latest is the newest version of the one object that an informer watches. It is shared with the informer, so it is read-only.
type latest[T any] struct {
	object atomic.Pointer[T]
	// synced reports whether the informer has synced. Only then nil means that the object does not exist.
	synced func() bool
}

// load returns nil if there is no object.
func (l *latest[T]) load() *T {
	return l.object.Load()
}

// handler keeps the object up to date, and calls a function after each change.
func (l *latest[T]) handler(changed func()) toolscache.ResourceEventHandler {
	store := func(object any) {
		if object, ok := object.(*T); ok {
			l.object.Store(object)
			changed()
		}
	}
	return toolscache.ResourceEventHandlerFuncs{
		AddFunc:    store,
		UpdateFunc: func(_, object any) { store(object) },
		DeleteFunc: func(any) {
			l.object.Store(nil)
			changed()
		},
	}
}
