//go:build bench

package bench

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
)

// renewal is how often the Lease is renewed.
const renewal = 2 * time.Second

// leaseWatch counts the changes of Tanist's Lease.
type leaseWatch struct {
	changes atomic.Int64
	// changed gets a value after a change, unless it still has one.
	changed chan struct{}
}

func watchLease(t *testing.T, client kubernetes.Interface) *leaseWatch {
	t.Helper()
	leases := client.CoordinationV1().Leases(tanistNamespace)
	list, err := leases.List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	w, err := leases.Watch(t.Context(), watching(list.ResourceVersion, ""))
	if err != nil {
		t.Fatal(err)
	}
	l := &leaseWatch{changed: make(chan struct{}, 1)}
	go func() {
		for event := range w.ResultChan() {
			if event.Type != watch.Modified {
				continue
			}
			l.changes.Add(1)
			select {
			case l.changed <- struct{}{}:
			default:
			}
		}
	}()
	return l
}

// betweenRenewals waits until the Lease was just renewed, and so will not be for a while, so that all counts agree.
func (l *leaseWatch) betweenRenewals(ctx context.Context) error {
	select {
	case <-l.changed: // an old one
	default:
	}
	ctx, cancel := context.WithTimeoutCause(ctx, stallTimeout, errors.New("the Lease is not renewed"))
	defer cancel()
	select {
	case <-l.changed:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return pause(ctx, renewal/4)
}

// pause waits for d, or returns the context's error when that ends first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
