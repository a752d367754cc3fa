//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"

	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/config"
)

// witness sees every version of the leader Services' slices of a namespace, and notes what must never be: two ready endpoints, or a
// term that does not grow with each change of leader, and then only.
type witness struct {
	t *testing.T

	mu sync.Mutex
	// leaders are by leader Service; ready counts the ready endpoints of each of its slices.
	leaders map[string]leader
	ready   map[string]map[string]int
	moves   []move
	wrong   []string
}

type leader struct {
	uid  types.UID
	term int
}

// move is one change of leader.
type move struct {
	service  string
	from, to types.UID
	reason   string
}

// watchSlices starts a witness; it ends with the test.
func watchSlices(t *testing.T, client kubernetes.Interface, namespace string) *witness {
	t.Helper()
	w := &witness{t: t, leaders: map[string]leader{}, ready: map[string]map[string]int{}}
	options := metav1.ListOptions{LabelSelector: discoveryv1.LabelManagedBy + "=" + config.SliceManagedBy}
	list, err := client.DiscoveryV1().EndpointSlices(namespace).List(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	for i := range list.Items {
		w.see(&list.Items[i])
	}
	options.ResourceVersion, options.TimeoutSeconds = list.ResourceVersion, new(int64(3600))
	watching, err := client.DiscoveryV1().EndpointSlices(namespace).Watch(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	ctx, ended := t.Context(), make(chan struct{})
	go func() {
		defer close(ended)
		w.follow(ctx, watching)
	}()
	t.Cleanup(func() {
		watching.Stop()
		<-ended
	})
	return w
}

func (w *witness) follow(ctx context.Context, watching watch.Interface) {
	for event := range watching.ResultChan() {
		slice, ok := event.Object.(*discoveryv1.EndpointSlice)
		if !ok {
			w.note("the watch delivered %v", event.Object)
			return
		}
		if event.Type == watch.Deleted {
			w.forget(slice)
		} else {
			w.see(slice)
		}
	}
	if ctx.Err() == nil {
		w.note("the watch ended")
	}
}

// see takes note of a version.
func (w *witness) see(slice *discoveryv1.EndpointSlice) {
	w.mu.Lock()
	defer w.mu.Unlock()
	service := slice.Labels[discoveryv1.LabelServiceName]
	if w.ready[service] == nil {
		w.ready[service] = map[string]int{}
	}
	w.ready[service][slice.Name] = 0
	all := 0
	for _, endpoint := range slice.Endpoints {
		if endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready {
			w.ready[service][slice.Name]++
		}
	}
	for _, ready := range w.ready[service] {
		all += ready
	}
	if all > 1 {
		w.wrong = append(w.wrong, fmt.Sprintf("%s has %d ready endpoints", service, all))
	}
	term, err := strconv.Atoi(slice.Annotations[config.TermKey])
	if err != nil {
		w.wrong = append(w.wrong, fmt.Sprintf("%s has no term: %v", service, err))
		return
	}
	now, before := leader{term: term}, w.leaders[service]
	if len(slice.Endpoints) > 0 && slice.Endpoints[0].TargetRef != nil {
		now.uid = slice.Endpoints[0].TargetRef.UID
	}
	w.leaders[service] = now
	if before == (leader{}) || before == now {
		return
	}
	if now.term <= before.term || now.uid == before.uid {
		w.wrong = append(w.wrong, fmt.Sprintf("%s: the term went from %d to %d and the leader from %q to %q", service, before.term, now.term, before.uid, now.uid))
	}
	w.moves = append(w.moves, move{service: service, from: before.uid, to: now.uid, reason: slice.Annotations[config.ReasonKey]})
}

func (w *witness) forget(slice *discoveryv1.EndpointSlice) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.ready[slice.Labels[discoveryv1.LabelServiceName]], slice.Name)
}

func (w *witness) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wrong = append(w.wrong, fmt.Sprintf(format, args...))
}

// leaderOf is who leads a leader Service.
func (w *witness) leaderOf(service string) types.UID {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.leaders[service].uid
}

// ledBy are the leader Services that a pod leads.
func (w *witness) ledBy(pod types.UID) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var led []string
	for service, leader := range w.leaders {
		if leader.uid == pod {
			led = append(led, service)
		}
	}
	slices.Sort(led)
	return led
}

// moved reports whether a pod has led a leader Service and another one followed.
func (w *witness) moved(service string, from types.UID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.ContainsFunc(w.moves, func(m move) bool { return m.service == service && m.from == from && m.to != "" })
}

// seen are the changes of leader so far.
func (w *witness) seen() []move {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.moves)
}

// testify fails the test for what must never be.
func (w *witness) testify() {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, wrong := range w.wrong {
		w.t.Error(wrong)
	}
}
