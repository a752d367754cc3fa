package get

import (
	"context"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
)

// watch prints the list, and then each Service whenever what is shown of it changes. It returns when the context ends.
func watch(ctx context.Context, r *reader, w *world, list *status.List, p *printer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	live := &live{world: w, printer: p, last: map[types.NamespacedName]status.Leader{}, stop: cancel}
	for i := range list.Items {
		live.last[keyOf(&list.Items[i])] = list.Items[i]
	}
	p.warn(list.Warnings)
	if err := p.rows(list.Items); err != nil {
		return err
	}
	var group sync.WaitGroup
	for of, example := range map[kind]runtime.Object{
		services: &corev1.Service{}, endpointSlices: &discoveryv1.EndpointSlice{}, pods: &corev1.Pod{}, namespaces: &corev1.Namespace{}, events: &corev1.Event{},
	} {
		if !w.knows(of) || of == namespaces && w.oneNamespace {
			continue
		}
		reflector := cache.NewReflector(r.source(of), example, &store{live, of}, 0)
		group.Go(func() { reflector.RunWithContext(ctx) })
	}
	group.Go(func() { live.heed(ctx, r, list.Warnings) })
	<-ctx.Done()
	group.Wait()
	return live.failed
}

// live is a world that changes. Events are taken one by one, so that no leader is skipped however short it led.
type live struct {
	mu      sync.Mutex
	world   *world
	printer *printer
	// last is what was printed of each Service that is shown.
	last map[types.NamespacedName]status.Leader
	// failed is why nothing could be printed any longer, and stop ends the watch then.
	failed error
	stop   func()
}

// look prints what has changed in a namespace. The caller holds mu.
func (l *live) look(namespace string) {
	var changed []status.Leader
	there := map[types.NamespacedName]bool{}
	for _, leader := range l.world.leaders(namespace) {
		key := keyOf(&leader)
		there[key] = true
		if before, known := l.last[key]; !known || l.printer.shown(&before) != l.printer.shown(&leader) {
			changed = append(changed, leader)
		}
		l.last[key] = leader
	}
	for key, before := range l.last {
		if key.Namespace == namespace && !there[key] {
			delete(l.last, key)
			changed = append(changed, gone(before))
		}
	}
	if len(changed) == 0 {
		return
	}
	if err := l.printer.rows(changed); err != nil {
		l.failed = err
		l.stop()
	}
}

// heed looks from time to time whether Tanist runs, and says so when that has changed for the worse.
func (l *live) heed(ctx context.Context, r *reader, last []status.Warning) {
	ticker := time.NewTicker(longestSilence)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		warnings := r.tanist(ctx)
		if len(warnings) > 0 && len(last) == 0 {
			l.mu.Lock()
			l.printer.warn(warnings)
			l.mu.Unlock()
		}
		last = warnings
	}
}

// gone is a Service that is not shown any longer.
func gone(l status.Leader) status.Leader {
	return status.Leader{
		TypeMeta: l.TypeMeta, Namespace: l.Namespace, Service: l.Service, Term: l.Term, Options: l.Options,
		Warnings: []status.Warning{{Phrase: status.Deleted, Detail: "it was deleted, opted out, or has other labels"}},
	}
}

func keyOf(l *status.Leader) types.NamespacedName {
	return types.NamespacedName{Namespace: l.Namespace, Name: l.Service}
}

// store is one kind of a live world, as a Reflector fills it.
type store struct {
	*live
	of kind
}

func (s *store) change(object any, change func(kind, metav1.Object)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if object, ok := object.(metav1.Object); ok {
		change(s.of, object)
		s.look(s.scope(object))
	}
	return nil
}

// scope is the namespace that an object is part of; a Namespace is its own.
func (s *store) scope(object metav1.Object) string {
	if s.of == namespaces {
		return object.GetName()
	}
	return object.GetNamespace()
}

// Add is an object that is new.
func (s *store) Add(object any) error { return s.change(object, s.world.set) }

// Update is an object that has changed.
func (s *store) Update(object any) error { return s.change(object, s.world.set) }

// Delete is an object that is gone.
func (s *store) Delete(object any) error { return s.change(object, s.world.remove) }

// Replace is a list: at first, and after a watch has missed something.
func (s *store) Replace(list []any, _ string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	scopes := map[string]bool{}
	for namespace := range s.world.objects[services] {
		scopes[namespace] = true
	}
	s.world.objects[s.of] = map[string]map[string]metav1.Object{}
	for _, object := range list {
		if object, ok := object.(metav1.Object); ok {
			s.world.set(s.of, object)
			scopes[s.scope(object)] = true
		}
	}
	for namespace := range scopes {
		s.look(namespace)
	}
	return nil
}

// Resync has nothing to do.
func (s *store) Resync() error { return nil }
