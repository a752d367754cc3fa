package informers

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	toolscache "k8s.io/client-go/tools/cache"
)

// set has the informers of one namespace, or of all.
type set struct {
	// namespace is empty for all.
	namespace string
	// informers are in the order of the kinds.
	informers []*informer
	cancel    context.CancelFunc
	running   sync.WaitGroup
	// readable says that all informers are synced, that the set is part of what is read, and that the handlers get its events. Informers.mu guards
	// it.
	readable bool
	// refusedAt is when the API server has refused to let an informer list or watch, in Unix nanoseconds; 0 for never.
	refusedAt atomic.Int64
}

// refusedFor is how long after a refusal a set counts as refused. An informer tries again within a minute: client-go waits for 30 s and up to as much
// again at random.
const refusedFor = 2 * time.Minute

// newSet makes the informers of a namespace, and starts nothing.
func (i *Informers) newSet(namespace string) *set {
	s := &set{namespace: namespace}
	for at, kind := range i.kinds {
		noted := func(err error) { i.noteRefusal(s, kind, err) }
		s.informers = append(s.informers, newInformer(kind, newRequests(i.sources[at](namespace), i.transform, noted, i.lists), i.transform))
	}
	return s
}

// start starts the informers. They run until the context ends, as the returned one does when the set is stopped.
func (s *set) start(ctx context.Context) context.Context {
	ctx, s.cancel = context.WithCancel(ctx)
	for _, informer := range s.informers {
		s.running.Go(func() { informer.controller.RunWithContext(ctx) })
	}
	return ctx
}

// waitForSync waits until all informers are synced. It returns false if the set is stopped before.
func (s *set) waitForSync(ctx context.Context) bool {
	var synced []toolscache.DoneChecker
	for _, informer := range s.informers {
		synced = append(synced, informer.controller.HasSyncedChecker())
	}
	return toolscache.WaitFor(ctx, "", synced...)
}

// stop ends the informers, and waits until no handler gets an event any longer.
func (s *set) stop() {
	s.cancel()
	s.running.Wait()
}

// refused reports whether the API server refuses a right that the set needs.
func (s *set) refused(now time.Time) bool {
	at := s.refusedAt.Load()
	return at != 0 && now.Sub(time.Unix(0, at)) < refusedFor
}

// noteRefusal notes that the API server has refused a request, and logs it unless it has logged one within refusedFor.
func (i *Informers) noteRefusal(s *set, kind Kind, err error) {
	if !apierrors.IsForbidden(err) {
		return
	}
	now := time.Now()
	switch {
	case s.refused(now):
	case s.namespace == "":
		i.log.Error(err, "The right to watch is missing in the whole cluster: no Service is looked after until it is there", "kind", kind.Name)
	default:
		i.log.Error(err, "The right to watch is missing in a namespace: its Services are not looked after until it is there. Other namespaces are not affected",
			"namespace", s.namespace, "kind", kind.Name)
	}
	s.refusedAt.Store(now.UnixNano())
}
