package get

import (
	"context"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/tools/cache"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/installation"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
)

// watch prints the list, and then each Service whenever its output changes. It returns when the context ends or printing fails.
func watch(ctx context.Context, r *reader, s *snapshot, list *status.List, p *printer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	live := &live{snapshot: s, printer: p, last: map[types.NamespacedName]status.Leader{}, stop: cancel}
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
		if !s.knows(of) || of == namespaces && s.oneNamespace {
			continue
		}
		reflector := cache.NewReflector(r.source(of), example, &store{live, of}, 0)
		group.Go(func() { reflector.RunWithContext(ctx) })
	}
	group.Go(func() { live.watchTanist(ctx, r, list.Warnings) })
	group.Go(func() { live.watchLeases(ctx, r) })
	<-ctx.Done()
	group.Wait()
	return live.failed
}

// live is a snapshot that is kept up to date. It handles events one by one, so that it prints every leader, however short it led.
type live struct {
	mu       sync.Mutex
	snapshot *snapshot
	printer  *printer
	// last holds each Service that is shown, as it was last printed.
	last map[types.NamespacedName]status.Leader
	// failed is why printing failed. stop ends the watch then.
	failed error
	stop   func()
}

// printChanges prints what has changed in a namespace. The caller holds mu.
func (l *live) printChanges(namespace string) {
	var changed []status.Leader
	there := map[types.NamespacedName]bool{}
	for _, leader := range l.snapshot.leaders(namespace) {
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

// watchTanist checks from time to time whether Tanist is running, and whether admission is authenticated, and prints a
// warning when that is no longer so.
func (l *live) watchTanist(ctx context.Context, r *reader, last []status.Warning) {
	ticker := time.NewTicker(installation.MaxRenewAge)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		warnings := r.installation().Warnings(ctx)
		l.mu.Lock()
		l.printer.warn(newWarnings(warnings, last))
		l.mu.Unlock()
		last = warnings
	}
}

// newWarnings returns the warnings whose phrases were not among the last ones.
func newWarnings(warnings, last []status.Warning) []status.Warning {
	return slices.DeleteFunc(slices.Clone(warnings), func(warning status.Warning) bool {
		return slices.ContainsFunc(last, func(known status.Warning) bool { return known.Phrase == warning.Phrase })
	})
}

// gone returns what is printed of a Service that is no longer shown.
func gone(l status.Leader) status.Leader {
	return status.Leader{
		TypeMeta: l.TypeMeta, Namespace: l.Namespace, Service: l.Service, Term: l.Term, Options: l.Options,
		Warnings: []status.Warning{{Phrase: status.Deleted, Detail: "it was deleted, opted out, or has other labels"}},
	}
}

func keyOf(l *status.Leader) types.NamespacedName {
	return types.NamespacedName{Namespace: l.Namespace, Name: l.Service}
}

// store is the objects of one kind in a live snapshot, filled by a Reflector.
type store struct {
	*live
	of kind
}

func (s *store) change(object any, change func(any) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := change(object); err != nil {
		return err
	}
	if object, ok := object.(metav1.Object); ok {
		s.printChanges(s.scope(object))
	}
	return nil
}

// scope returns the namespace whose output an object may change. A Namespace may change its own.
func (s *store) scope(object metav1.Object) string {
	if s.of == namespaces {
		return object.GetName()
	}
	return object.GetNamespace()
}

// Add implements cache.ReflectorStore.
func (s *store) Add(object any) error { return s.change(object, s.snapshot.objects[s.of].Add) }

// Update implements cache.ReflectorStore.
func (s *store) Update(object any) error { return s.change(object, s.snapshot.objects[s.of].Update) }

// Delete implements cache.ReflectorStore.
func (s *store) Delete(object any) error { return s.change(object, s.snapshot.objects[s.of].Delete) }

// Replace implements cache.ReflectorStore. The Reflector calls it with its first list, and with another one when its watch has missed
// something.
func (s *store) Replace(list []any, resourceVersion string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	scopes := sets.New(s.snapshot.objects[services].ListIndexFuncValues(cache.NamespaceIndex)...)
	if err := s.snapshot.objects[s.of].Replace(list, resourceVersion); err != nil {
		return err
	}
	for _, object := range list {
		if object, ok := object.(metav1.Object); ok {
			scopes.Insert(s.scope(object))
		}
	}
	for namespace := range scopes {
		s.printChanges(namespace)
	}
	return nil
}

// Resync implements cache.ReflectorStore. There is nothing to do.
func (s *store) Resync() error { return nil }
