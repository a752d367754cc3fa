package disruptions

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

// move is a change of leader.
type move struct {
	at      time.Time
	service string
	term    int64
	leader  string
	reason  string
}

func (m move) String() string {
	return fmt.Sprintf("%s of %s in term %d: %s", m.leader, m.service, m.term, m.reason)
}

// recorder watches the slices of a namespace's leader Services.
type recorder struct {
	mu    sync.Mutex
	moves []move
	terms map[string]int64
	// ready counts the ready endpoints of each slice, by Service and address family.
	ready map[string]map[string]int
	// wrong is what was seen and must never be.
	wrong []error
}

// record starts a recorder, which ends with ctx. Start it before there is a leader Service, so that no move is missed.
func record(ctx context.Context, client kubernetes.Interface, namespace string) (*recorder, error) {
	r := &recorder{terms: map[string]int64{}, ready: map[string]map[string]int{}}
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
func (r *recorder) step(at time.Time, slice *discoveryv1.EndpointSlice) {
	term, err := strconv.ParseInt(slice.Annotations[config.TermKey], 10, 64)
	if err != nil {
		return // no pod has led yet
	}
	m := move{at: at, service: slice.Labels[config.SourceServiceKey], term: term,
		leader: slice.Annotations[config.LeaderKey], reason: slice.Annotations[config.ReasonKey]}
	last, seen := r.terms[m.service]
	switch {
	case !seen && m.leader == "": // a new Service without a leader: no move
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

func (r *recorder) since(mark int) []move {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.moves[mark:])
}

// violations returns what was seen since the last call and must never be.
func (r *recorder) violations() []error {
	r.mu.Lock()
	defer r.mu.Unlock()
	wrong := r.wrong
	r.wrong = nil
	return wrong
}
