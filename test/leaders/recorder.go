package leaders

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"

	"github.com/tanist-dev/tanist/config"
)

// Move is a change of leader.
type Move struct {
	// At is when the watch delivered it.
	At      time.Time
	Service string
	Term    int64
	Leader  string
	Reason  string
}

func (m Move) String() string {
	return fmt.Sprintf("%s of %s in term %d: %s", m.Leader, m.Service, m.Term, m.Reason)
}

// Recorder watches the slices of a namespace's leader Services.
type Recorder struct {
	mu    sync.Mutex
	moves []Move
	terms map[string]int64
	// ready counts the ready endpoints of each slice, by Service and address family.
	ready map[string]map[string]int
	// wrong is what was seen and must never be.
	wrong []error
}

// Record starts a recorder, which ends with ctx. Start it before there is a leader Service, so that no move is missed.
func Record(ctx context.Context, client kubernetes.Interface, namespace string) (*Recorder, error) {
	r := &Recorder{terms: map[string]int64{}, ready: map[string]map[string]int{}}
	slices := client.DiscoveryV1().EndpointSlices(namespace)
	mine := func(options *metav1.ListOptions) { options.LabelSelector = config.SourceServiceKey }
	var options metav1.ListOptions
	mine(&options)
	list, err := slices.List(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("failed to watch the slices: %w", err)
	}
	watcher, err := watchtools.NewRetryWatcherWithContext(ctx, list.ResourceVersion, &cache.ListWatch{
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			mine(&options)
			return slices.Watch(ctx, options)
		},
	})
	if err != nil {
		return nil, fmt.Errorf("failed to watch the slices: %w", err)
	}
	go func() {
		for event := range watcher.ResultChan() {
			r.see(time.Now(), event)
		}
		if ctx.Err() == nil {
			r.fail(errors.New("the watch on the slices ended: what happened since is unknown"))
		}
	}()
	return r, nil
}

func (r *Recorder) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wrong = append(r.wrong, err)
}

func (r *Recorder) see(at time.Time, event watch.Event) {
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
	var addresses []string
	for _, endpoint := range slice.Endpoints {
		addresses = append(addresses, endpoint.Addresses...)
		if endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready {
			r.ready[service][slice.Name]++
		}
	}
	ready := 0
	for _, n := range r.ready[service] {
		ready += n
	}
	if ready > 1 {
		r.wrong = append(r.wrong, fmt.Errorf("%s has %d ready endpoints; those of %s: %v", service, ready, slice.Name, addresses))
	}
	r.step(at, slice)
}

// step records a new term. Every move has one.
func (r *Recorder) step(at time.Time, slice *discoveryv1.EndpointSlice) {
	term, err := strconv.ParseInt(slice.Annotations[config.TermKey], 10, 64)
	if err != nil {
		return // no pod has led yet
	}
	m := Move{At: at, Service: slice.Labels[config.SourceServiceKey], Term: term,
		Leader: slice.Annotations[config.LeaderKey], Reason: slice.Annotations[config.ReasonKey]}
	last, seen := r.terms[m.Service]
	switch {
	case !seen && m.Leader == "": // a new Service without a leader: no move
		r.terms[m.Service] = term
	case term < last:
		r.wrong = append(r.wrong, fmt.Errorf("the term of %s went from %d down to %d", m.Service, last, term))
	case term > last:
		if m.Reason == "" {
			r.wrong = append(r.wrong, fmt.Errorf("a move without a reason: %s", m))
		}
		r.terms[m.Service] = term
		r.moves = append(r.moves, m)
	}
}

// Mark returns how many moves there have been.
func (r *Recorder) Mark() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.moves)
}

// Since returns the moves after a mark.
func (r *Recorder) Since(mark int) []Move {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.moves[mark:])
}

// Violations returns what was seen since the last call and must never be.
func (r *Recorder) Violations() []error {
	r.mu.Lock()
	defer r.mu.Unlock()
	wrong := r.wrong
	r.wrong = nil
	return wrong
}
