//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/config"
)

// recorder sees every version of the slices of a namespace's leader Services, and records what must never be: two ready endpoints, or a
// term that does not grow with each change of leader, and only then.
type recorder struct {
	t *testing.T

	mu sync.Mutex
	// leaders is by leader Service. ready counts the ready endpoints of each of its slices.
	leaders map[string]leader
	ready   map[string]map[string]int
	moves   []move
	wrong   []string
}

type leader struct {
	uid  types.UID
	term int
}

// move is a change of leader.
type move struct {
	service  string
	from, to types.UID
	reason   string
	// seen is when the watch delivered it.
	seen string
}

// recordLeaders starts a recorder, which ends with the test.
func recordLeaders(t *testing.T, client kubernetes.Interface, namespace string) *recorder {
	t.Helper()
	r := &recorder{t: t, leaders: map[string]leader{}, ready: map[string]map[string]int{}}
	options := metav1.ListOptions{LabelSelector: discoveryv1.LabelManagedBy + "=" + config.SliceManagedBy}
	list, err := client.DiscoveryV1().EndpointSlices(namespace).List(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	for i := range list.Items {
		r.see(&list.Items[i])
	}
	options.ResourceVersion, options.TimeoutSeconds = list.ResourceVersion, new(int64(3600))
	watching, err := client.DiscoveryV1().EndpointSlices(namespace).Watch(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	ctx, ended := t.Context(), make(chan struct{})
	go func() {
		defer close(ended)
		r.follow(ctx, watching)
	}()
	t.Cleanup(func() {
		watching.Stop()
		<-ended
	})
	return r
}

func (r *recorder) follow(ctx context.Context, watching watch.Interface) {
	for event := range watching.ResultChan() {
		slice, ok := event.Object.(*discoveryv1.EndpointSlice)
		if !ok {
			r.note("the watch delivered %v", event.Object)
			return
		}
		if event.Type == watch.Deleted {
			r.forget(slice)
		} else {
			r.see(slice)
		}
	}
	if ctx.Err() == nil {
		r.note("the watch ended")
	}
}

// see records a version.
func (r *recorder) see(slice *discoveryv1.EndpointSlice) {
	r.mu.Lock()
	defer r.mu.Unlock()
	service := slice.Labels[discoveryv1.LabelServiceName]
	if r.ready[service] == nil {
		r.ready[service] = map[string]int{}
	}
	r.ready[service][slice.Name] = 0
	all := 0
	for _, endpoint := range slice.Endpoints {
		if endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready {
			r.ready[service][slice.Name]++
		}
	}
	for _, ready := range r.ready[service] {
		all += ready
	}
	if all > 1 {
		r.wrong = append(r.wrong, fmt.Sprintf("%s has %d ready endpoints", service, all))
	}
	term, err := strconv.Atoi(slice.Annotations[config.TermKey])
	if err != nil {
		r.wrong = append(r.wrong, fmt.Sprintf("%s has no term: %v", service, err))
		return
	}
	now, before := leader{term: term}, r.leaders[service]
	if len(slice.Endpoints) > 0 && slice.Endpoints[0].TargetRef != nil {
		now.uid = slice.Endpoints[0].TargetRef.UID
	}
	r.leaders[service] = now
	if before == (leader{}) || before == now {
		return
	}
	if now.term <= before.term || now.uid == before.uid {
		r.wrong = append(r.wrong, fmt.Sprintf("%s: the term went from %d to %d and the leader from %q to %q", service, before.term, now.term, before.uid, now.uid))
	}
	r.moves = append(r.moves, move{service: service, from: before.uid, to: now.uid, reason: slice.Annotations[config.ReasonKey], seen: time.Now().Format(time.StampMilli)})
}

func (r *recorder) forget(slice *discoveryv1.EndpointSlice) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.ready[slice.Labels[discoveryv1.LabelServiceName]], slice.Name)
}

func (r *recorder) note(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wrong = append(r.wrong, fmt.Sprintf(format, args...))
}

// leaderOf is the pod that leads a leader Service.
func (r *recorder) leaderOf(service string) types.UID {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.leaders[service].uid
}

// ledBy are the leader Services that a pod leads.
func (r *recorder) ledBy(pod types.UID) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var led []string
	for service, leader := range r.leaders {
		if leader.uid == pod {
			led = append(led, service)
		}
	}
	slices.Sort(led)
	return led
}

// moved reports whether a pod has led a leader Service and another one followed.
func (r *recorder) moved(service string, from types.UID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.moves, func(m move) bool { return m.service == service && m.from == from && m.to != "" })
}

// allMoves are the moves so far.
func (r *recorder) allMoves() []move {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.moves)
}

// check fails the test for what was seen and must never be.
func (r *recorder) check() {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, wrong := range r.wrong {
		r.t.Error(wrong)
	}
}
