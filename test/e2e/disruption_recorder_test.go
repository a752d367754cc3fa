//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"

	"github.com/tanist-dev/tanist/config"
)

// change is one of leader.
type change struct {
	at      time.Time
	service string
	term    int64
	leader  string
	reason  string
}

func (m change) String() string {
	return fmt.Sprintf("%s of %s in term %d: %s", m.leader, m.service, m.term, m.reason)
}

// recorder watches the leader Services' slices of a namespace.
type recorder struct {
	mu    sync.Mutex
	moves []change
	terms map[string]int64
	// ready counts the ready endpoints of each slice.
	ready map[string]map[string]int
	// wrong is what must never be.
	wrong []error
}

// record begins before there is anything to see, so that no change is missed.
func record(t *testing.T, client kubernetes.Interface, namespace string) *recorder {
	t.Helper()
	r := &recorder{terms: map[string]int64{}, ready: map[string]map[string]int{}}
	ctx, slices := t.Context(), client.DiscoveryV1().EndpointSlices(namespace)
	mine := func(options *metav1.ListOptions) { options.LabelSelector = config.SourceServiceKey }
	var options metav1.ListOptions
	mine(&options)
	list, err := slices.List(ctx, options)
	if err != nil {
		t.Fatal(err)
	}
	watcher, err := watchtools.NewRetryWatcherWithContext(ctx, list.ResourceVersion, &cache.ListWatch{
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			mine(&options)
			return slices.Watch(ctx, options)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for event := range watcher.ResultChan() {
			r.see(time.Now(), event)
		}
		if ctx.Err() == nil {
			r.fail(errors.New("the watch on the slices ended: what happened since is unknown"))
		}
	}()
	return r
}

func (r *recorder) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wrong = append(r.wrong, err)
}

func (r *recorder) see(at time.Time, event watch.Event) {
	slice, ok := event.Object.(*discoveryv1.EndpointSlice)
	if !ok {
		if event.Type == watch.Error {
			r.fail(fmt.Errorf("the watch on the slices broke: %v", event.Object))
		}
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	service := slice.Labels[discoveryv1.LabelServiceName] + "/" + string(slice.AddressType)
	if r.ready[service] == nil {
		r.ready[service] = map[string]int{}
	}
	delete(r.ready[service], slice.Name)
	if event.Type == watch.Deleted {
		return
	}
	for _, endpoint := range slice.Endpoints {
		if endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready {
			r.ready[service][slice.Name]++
		}
	}
	ready := 0
	for _, n := range r.ready[service] {
		ready += n
	}
	if ready > 1 {
		r.wrong = append(r.wrong, fmt.Errorf("%s has %d ready endpoints: %v", service, ready, slice.Endpoints))
	}
	r.step(at, slice)
}

// step notes a new term. Every change of leader has one.
func (r *recorder) step(at time.Time, slice *discoveryv1.EndpointSlice) {
	term, err := strconv.ParseInt(slice.Annotations[config.TermKey], 10, 64)
	if err != nil {
		return // nobody has led yet
	}
	m := change{at: at, service: slice.Labels[config.SourceServiceKey], term: term,
		leader: slice.Annotations[config.LeaderKey], reason: slice.Annotations[config.ReasonKey]}
	last, seen := r.terms[m.service]
	switch {
	case !seen && m.leader == "": // it begins without a leader, and nobody has moved
		r.terms[m.service] = term
	case term < last:
		r.wrong = append(r.wrong, fmt.Errorf("the term of %s went from %d down to %d", m.service, last, term))
	case term > last:
		if m.reason == "" {
			r.wrong = append(r.wrong, fmt.Errorf("a move without a reason: %s", m))
		}
		r.terms[m.service] = term
		r.moves = append(r.moves, m)
	}
}

func (r *recorder) mark() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.moves)
}

func (r *recorder) since(mark int) []change {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.moves[mark:])
}

// unbroken fails the test for what must never be.
func (r *recorder) unbroken(t *testing.T) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, err := range r.wrong {
		t.Error(err)
	}
	r.wrong = nil
}

// toldOf waits until the Events tell of all moves, each with its term and reason.
func toldOf(t *testing.T, client kubernetes.Interface, namespace string, moves []change) {
	t.Helper()
	await(t, "every move is told of in an Event", patience, func(ctx context.Context) error {
		events, err := client.EventsV1().Events(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		var untold []error
		for _, m := range moves {
			told := false
			for _, event := range events.Items {
				told = told || event.Regarding.Kind == "Service" && event.Regarding.Name == m.service &&
					strings.Contains(event.Note, fmt.Sprintf("(term %d)", m.term)) &&
					(m.leader == "" || strings.Contains(event.Note, m.leader+" leads") && strings.Contains(event.Note, m.reason))
			}
			if !told {
				untold = append(untold, fmt.Errorf("not told: %s", m))
			}
		}
		return errors.Join(untold...)
	})
}
