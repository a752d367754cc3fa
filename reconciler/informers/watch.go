package informers

import (
	"context"
	"sync"
	"time"
)

// stopDelay is for how long a namespace that is no longer wanted is still watched. So a label that is removed by mistake and set again costs nothing,
// and what Tanist is about to write in the namespace is not missed.
const stopDelay = 10 * time.Second

// Check finds out whether a namespace is to be watched, and starts or stops its informers. It returns at once.
func (i *Informers) Check(namespace string) { i.queue.Add(namespace) }

// NeedLeaderElection implements manager.LeaderElectionRunnable: every replica watches.
func (*Informers) NeedLeaderElection() bool { return false }

// Start watches until the context ends. The manager calls it when what Wanted and Namespaces depend on is known.
func (i *Informers) Start(ctx context.Context) error {
	var revealing sync.WaitGroup
	w := &watcher{Informers: i, revealing: &revealing, unwanted: map[string]time.Time{}}
	w.begin(ctx)
	go func() {
		<-ctx.Done()
		i.queue.ShutDown()
	}()
	for {
		namespace, ended := i.queue.Get()
		if ended {
			break
		}
		w.check(ctx, namespace)
		i.queue.Done(namespace)
	}
	revealing.Wait()
	i.mu.Lock()
	sets := i.sets()
	i.mu.Unlock()
	for _, s := range sets {
		s.stop()
	}
	return nil
}

// watcher starts and stops sets, in one goroutine.
type watcher struct {
	*Informers
	revealing *sync.WaitGroup
	// unwanted is since when each namespace that is watched has not been wanted.
	unwanted map[string]time.Time
}

// begin watches the namespaces that are wanted at the start.
func (w *watcher) begin(ctx context.Context) {
	initial := []string{}
	for _, namespace := range w.namespaces() {
		if w.wanted(namespace) {
			initial = append(initial, namespace)
		}
	}
	all := w.exceeds(len(initial))
	if all {
		w.watchAll(ctx, len(initial))
	} else {
		for _, namespace := range initial {
			w.start(ctx, namespace)
		}
	}
	w.mu.Lock()
	w.initial, w.initialAll = initial, all // last: a namespace without informers counts as one that is not wanted any more
	w.mu.Unlock()
}

func (w *watcher) exceeds(count int) bool { return w.limit > 0 && count > w.limit }

// check starts or stops the informers of a namespace.
func (w *watcher) check(ctx context.Context, namespace string) {
	w.mu.Lock()
	present, count, all := w.byNamespace[namespace], len(w.byNamespace)-len(w.unwanted), w.all
	w.mu.Unlock()
	wanted := w.wanted(namespace)
	switch {
	case all != nil: // it is watched with the rest of the cluster, or will be in a moment
	case wanted && present != nil:
		delete(w.unwanted, namespace)
	case wanted && w.exceeds(count+1):
		w.watchAll(ctx, count+1)
	case wanted:
		w.start(ctx, namespace)
	case present != nil:
		w.stopLater(namespace, present)
	}
}

// stopLater stops a namespace's informers if it has not been wanted for long enough.
func (w *watcher) stopLater(namespace string, s *set) {
	since, known := w.unwanted[namespace]
	if !known {
		since = time.Now()
		w.unwanted[namespace] = since
	}
	if wait := stopDelay - time.Since(since); wait > 0 {
		w.queue.AddAfter(namespace, wait)
		return
	}
	delete(w.unwanted, namespace)
	w.mu.Lock()
	delete(w.byNamespace, namespace)
	w.publish()
	w.mu.Unlock()
	s.stop()
	for _, informer := range s.informers {
		informer.end(func(string) bool { return false })
	}
}

// start starts the informers of a namespace.
func (w *watcher) start(ctx context.Context, namespace string) {
	s := w.newSet(namespace)
	w.mu.Lock()
	w.byNamespace[namespace] = s
	w.mu.Unlock()
	ctx = s.start(ctx)
	w.revealing.Go(func() { w.reveal(ctx, s) })
}

// watchAll watches the whole cluster, because too many namespaces are wanted. The namespaces' own informers run on until it can be read.
func (w *watcher) watchAll(ctx context.Context, count int) {
	w.log.Info("Watching the whole cluster from now on and until a restart, because many namespaces have opted in", "namespaces", count, "limit", w.limit)
	s := w.newSet("")
	w.mu.Lock()
	w.all = s
	w.mu.Unlock()
	ctx = s.start(ctx)
	w.revealing.Go(func() {
		if w.reveal(ctx, s) {
			w.endNamespaces(ctx, s)
		}
	})
}

// endNamespaces stops the informers of the namespaces, which are read no longer: the handlers have got every object of the whole cluster. It gives the
// handlers time for the events that they are behind with, and then tells them what is gone in spite of that.
func (w *watcher) endNamespaces(ctx context.Context, all *set) {
	w.mu.Lock()
	former := w.byNamespace
	w.byNamespace = map[string]*set{}
	w.publish()
	w.mu.Unlock()
	select {
	case <-ctx.Done():
	case <-time.After(stopDelay):
	}
	for _, s := range former {
		s.stop()
		if ctx.Err() != nil {
			continue // the program ends
		}
		for kind, informer := range s.informers {
			informer.end(func(key string) bool {
				_, exists, _ := all.informers[kind].store.GetByKey(key)
				return exists
			})
		}
	}
}

// reveal lets a set be read once it is synced, and adds the handlers: those of the last kind when all others have got their objects. It returns false
// if the set is stopped before.
func (w *watcher) reveal(ctx context.Context, s *set) bool {
	if !s.waitForSync(ctx) {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.byNamespace[s.namespace] != s && w.all != s {
		return false
	}
	s.readable = true
	w.publish()
	for kind, handlers := range w.handlers {
		for _, handler := range handlers {
			s.informers[kind].add(handler)
		}
	}
	return true
}
