//go:build e2e

package grantnodes

import (
	"sync"
	"testing"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

// floor measures the least that a grant of a new leader takes: one live read of the slice, begun when its event arrives.
type floor struct {
	mu    sync.Mutex
	reads []time.Duration
}

// measureFloor reads the leader's slice live at each of its changes, until the test ends.
func (w *workload) measureFloor(t *testing.T) *floor {
	t.Helper()
	slices := w.client.DiscoveryV1().EndpointSlices(w.namespace)
	events, err := slices.Watch(t.Context(), metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=web-leader"})
	if err != nil {
		t.Fatal(err)
	}
	f := &floor{}
	ended := make(chan struct{})
	t.Cleanup(func() {
		events.Stop()
		<-ended
	})
	go func() {
		defer close(ended)
		for event := range events.ResultChan() {
			slice, ok := event.Object.(*discoveryv1.EndpointSlice)
			if !ok || event.Type != watch.Modified {
				continue
			}
			began := time.Now()
			if _, err := slices.Get(t.Context(), slice.Name, metav1.GetOptions{}); err == nil {
				f.add(time.Since(began))
			}
		}
	}()
	return f
}

func (f *floor) add(read time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reads = append(f.reads, read)
}

// take returns the reads since the last call.
func (f *floor) take() []time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	reads := f.reads
	f.reads = nil
	return reads
}
