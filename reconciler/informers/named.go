package informers

import (
	"context"
	"sync"
	"sync/atomic"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	toolscache "k8s.io/client-go/tools/cache"
)

// NamedObjects watches single objects of one kind, each by its name. The objects are shared with the informers, and must not be modified.
type NamedObjects interface {
	// Get returns what is known of an object.
	Get(name types.NamespacedName) Found
	// Watch watches an object, until Stop. Only the first call for an object has an effect.
	Watch(name types.NamespacedName)
	// Stop ends the watch of an object. Events that are under way may still come.
	Stop(name types.NamespacedName)
}

// NamedHandler is called when an object has changed. Both versions are nil when it is known now whether the object exists, and when the API
// server begins or ceases to refuse the watch. It must not block.
type NamedHandler func(name types.NamespacedName, before, after any)

// Named are NamedObjects that informers watch.
type Named struct {
	kind      Kind
	source    source
	transform toolscache.TransformFunc
	changed   NamedHandler
	// lists has room for maxLists.
	lists chan struct{}

	mu sync.Mutex
	// ctx is nil before Start, and after its end.
	ctx     context.Context
	watches map[types.NamespacedName]*single
	running sync.WaitGroup
}

// single watches one object.
type single struct {
	informer *informer
	cancel   context.CancelFunc
	// refused is the API server's answer to the last request, if it has refused it; empty or nil if it has not.
	refused atomic.Pointer[string]
}

// NewNamed returns a Named that watches nothing before Start. Of the options, it needs those of the API and Transform. The kind has no
// selectors.
func NewNamed(o Options, kind Kind, changed NamedHandler) (*Named, error) {
	source, err := newSource(o, kind)
	if err != nil {
		return nil, err
	}
	return newNamed(kind, source, o.Transform, changed), nil
}

func newNamed(kind Kind, source source, transform toolscache.TransformFunc, changed NamedHandler) *Named {
	return &Named{kind: kind, source: source, transform: transform, changed: changed, watches: map[types.NamespacedName]*single{}, lists: make(chan struct{}, maxLists)}
}

// Found is what is known of an object.
type Found struct {
	// Object is nil if the object does not exist, or if that is not known.
	Object any
	// Seen is the version up to which everything about the object is known.
	Seen string
	// Known says that the object has been read.
	Known bool
	// Refused is the API server's answer, if it refuses the watch.
	Refused string
}

// Get implements NamedObjects.
func (n *Named) Get(name types.NamespacedName) Found {
	n.mu.Lock()
	s := n.watches[name]
	n.mu.Unlock()
	if s == nil {
		return Found{}
	}
	found := Found{Seen: s.informer.store.LastStoreSyncResourceVersion(), Known: s.informer.controller.HasSynced()}
	if refused := s.refused.Load(); refused != nil {
		found.Refused = *refused
	}
	if object, exists, _ := s.informer.store.GetByKey(name.String()); exists {
		found.Object = object
	}
	return found
}

// Watch implements NamedObjects.
func (n *Named) Watch(name types.NamespacedName) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.watches[name] != nil {
		return
	}
	s := &single{}
	noted := func(err error) { n.note(name, s, err) }
	s.informer = newInformer(n.kind, newRequests(byName(n.source(name.Namespace), name.Name), n.transform, noted, n.lists), n.transform)
	s.informer.handlers = append(s.informer.handlers, toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { n.changed(name, nil, object) },
		UpdateFunc: func(before, after any) { n.changed(name, before, after) },
		DeleteFunc: func(object any) {
			if tombstone, ok := object.(toolscache.DeletedFinalStateUnknown); ok {
				object = tombstone.Obj
			}
			n.changed(name, object, nil)
		},
	})
	n.watches[name] = s
	if n.ctx != nil {
		n.run(n.ctx, name, s)
	}
}

// Stop implements NamedObjects.
func (n *Named) Stop(name types.NamespacedName) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if s := n.watches[name]; s != nil && s.cancel != nil {
		s.cancel()
	}
	delete(n.watches, name)
}

// run runs an informer until the context ends. The caller holds mu.
func (n *Named) run(ctx context.Context, name types.NamespacedName, s *single) {
	ctx, s.cancel = context.WithCancel(ctx)
	n.running.Go(func() { s.informer.controller.RunWithContext(ctx) })
	n.running.Go(func() {
		if toolscache.WaitFor(ctx, "", s.informer.controller.HasSyncedChecker()) {
			n.changed(name, nil, nil)
		}
	})
}

// note notes whether the API server refuses to let an object be watched.
func (n *Named) note(name types.NamespacedName, s *single, err error) {
	refused := ""
	switch {
	case apierrors.IsForbidden(err):
		refused = err.Error()
	case err != nil:
		return // it says nothing about rights
	}
	before := s.refused.Swap(&refused)
	if was := before != nil && *before != ""; was != (refused != "") {
		n.changed(name, nil, nil)
	}
}

// NeedLeaderElection implements manager.LeaderElectionRunnable: every replica watches.
func (*Named) NeedLeaderElection() bool { return false }

// Start watches until the context ends.
func (n *Named) Start(ctx context.Context) error {
	n.mu.Lock()
	n.ctx = ctx
	for name, s := range n.watches {
		n.run(ctx, name, s)
	}
	n.mu.Unlock()
	<-ctx.Done()
	n.mu.Lock()
	n.ctx = nil // no informer starts from now on
	n.mu.Unlock()
	n.running.Wait() // without mu, which a handler, or somebody for whom it waits, may need
	return nil
}

// byName returns a source of the object with a name alone.
func byName(from toolscache.ListerWatcher, name string) toolscache.ListerWatcher {
	all := toolscache.ToListerWatcherWithContext(from)
	selector := fields.OneTermEqualSelector(metav1.ObjectNameField, name).String()
	return &toolscache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			options.FieldSelector = selector
			return all.ListWithContext(ctx, options)
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			options.FieldSelector = selector
			return all.WatchWithContext(ctx, options)
		},
	}
}
