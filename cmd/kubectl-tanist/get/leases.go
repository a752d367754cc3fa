package get

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/cache"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/leases"
)

// readLeases reads the Leases that the Services follow.
func (r *reader) readLeases(ctx context.Context, s *snapshot) (err error) {
	s.leases, err = leases.Read(ctx, r.client, s.shown())
	if apierrors.IsForbidden(err) {
		s.notes = append(s.notes, fmt.Sprintf("what is wrong with the Leases that Services follow is not shown: %v", err))
		return nil
	}
	return err
}

// shown returns the Services to show, of all namespaces.
func (s *snapshot) shown() (all []*corev1.Service) {
	for _, namespace := range s.objects[services].ListIndexFuncValues(cache.NamespaceIndex) {
		all = append(all, s.asked(namespace)...)
	}
	return all
}

// watchLeases reads the Leases again from time to time.
func (l *live) watchLeases(ctx context.Context, r *reader) {
	ticker := time.NewTicker(leases.Every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			l.readLeases(ctx, r)
		}
	}
}

// readLeases reads the Leases again, and prints what has changed by that. What it cannot read stays as it was.
func (l *live) readLeases(ctx context.Context, r *reader) {
	l.mu.Lock()
	shown := l.snapshot.shown()
	l.mu.Unlock()
	found, err := leases.Read(ctx, r.client, shown)
	if err != nil && !apierrors.IsForbidden(err) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.snapshot.leases
	l.snapshot.leases = found
	if len(before)+len(found) == 0 {
		return
	}
	for _, namespace := range l.snapshot.objects[services].ListIndexFuncValues(cache.NamespaceIndex) {
		l.printChanges(namespace)
	}
}
