//go:build integration

package integration_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"

	"github.com/tanist-dev/tanist/config"
)

// electors are the processes of an application that elects its leader with client-go, one in each pod.
type electors struct {
	s *testNamespace
	// elected gets the name of each pod that is elected.
	elected chan string
	mu      sync.Mutex
	// resign has the pods that lead.
	resign map[string]context.CancelFunc
}

// elect runs an elector in each of the pods until the test ends.
func (s *testNamespace) elect(lease string, pods ...string) *electors {
	s.t.Helper()
	e := &electors{s: s, elected: make(chan string), resign: map[string]context.CancelFunc{}}
	var running sync.WaitGroup
	ctx, stop := context.WithCancel(s.t.Context())
	s.t.Cleanup(func() { stop(); running.Wait() })
	for _, pod := range pods {
		running.Go(func() {
			for process := 1; ctx.Err() == nil; process++ {
				e.run(ctx, lease, pod, fmt.Sprintf("%s_%d", pod, process))
			}
		})
	}
	return e
}

// run is one process. It ends a while after it has resigned, so that another pod is elected.
func (e *electors) run(ctx context.Context, lease, pod, identity string) {
	leading, resign := context.WithCancel(ctx)
	defer resign()
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: &resourcelock.LeaseLock{
			LeaseMeta: metav1.ObjectMeta{Namespace: e.s.namespace, Name: lease}, Client: clientset.CoordinationV1(),
			LockConfig: resourcelock.ResourceLockConfig{Identity: identity},
		},
		LeaseDuration: 15 * time.Second, RenewDeadline: 10 * time.Second, RetryPeriod: 20 * time.Millisecond, ReleaseOnCancel: true,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(context.Context) {
				e.mu.Lock()
				e.resign[pod] = resign
				e.mu.Unlock()
				select {
				case e.elected <- pod:
				case <-ctx.Done():
				}
			},
			OnStoppedLeading: func() {},
		},
	})
	if err != nil {
		e.s.t.Errorf("failed to make elector: %v", err)
		return
	}
	elector.Run(leading)
	select {
	case <-ctx.Done():
	case <-time.After(300 * time.Millisecond): // many times the retry period
	}
}

// next waits until a pod is elected.
func (e *electors) next() string {
	e.s.t.Helper()
	select {
	case pod := <-e.elected:
		return pod
	case <-time.After(waitTimeout):
		e.s.t.Fatal("no pod was elected")
		return ""
	}
}

// resigns makes a pod give the Lease back.
func (e *electors) resigns(pod string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.resign[pod]()
}

// floorSlice is the EndpointSlice that the floor patches: a loop which does nothing but watch the Lease.
const floorSlice = "floor"

// times are when a test's own watches have seen the Lease and the slices change, in order.
type times struct {
	mu                  sync.Mutex
	lease, tanist, bare []holding
}

type holding struct {
	pod string
	at  time.Time
}

// measure watches the Lease and the slices of a namespace, and runs the floor. It is made so that a change of holder is over before the next.
func (s *testNamespace) measure(lease string) *times {
	s.t.Helper()
	m := &times{}
	if _, err := clientset.DiscoveryV1().EndpointSlices(s.namespace).Create(s.t.Context(), &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{Name: floorSlice}, AddressType: discoveryv1.AddressTypeIPv4,
	}, metav1.CreateOptions{}); err != nil {
		s.t.Fatal(err)
	}
	byName := metav1.ListOptions{FieldSelector: "metadata.name=" + lease}
	leases := func() (watch.Interface, error) { return s.leases().Watch(s.t.Context(), byName) }
	s.eachEvent(leases, func(object any) {
		if pod := holderOf(object); pod != "" {
			m.note(&m.lease, pod)
		}
	})
	last := ""
	s.eachEvent(leases, func(object any) {
		pod := holderOf(object)
		if pod == "" || pod == last {
			return
		}
		last = pod
		_, err := clientset.DiscoveryV1().EndpointSlices(s.namespace).Patch(s.t.Context(), floorSlice, types.MergePatchType,
			fmt.Appendf(nil, `{"metadata":{"annotations":{%q:%q}}}`, config.LeaderKey, pod), metav1.PatchOptions{})
		if err != nil && s.t.Context().Err() == nil { // when the test ends, the pod that leads gives the Lease back, and another one takes it
			s.t.Errorf("failed to patch the floor's EndpointSlice: %v", err)
		}
	})
	s.eachEvent(func() (watch.Interface, error) {
		return clientset.DiscoveryV1().EndpointSlices(s.namespace).Watch(s.t.Context(), metav1.ListOptions{})
	}, func(object any) {
		slice, ok := object.(*discoveryv1.EndpointSlice)
		if !ok {
			return
		}
		into := &m.tanist
		if slice.Name == floorSlice {
			into = &m.bare
		}
		if pod := slice.Annotations[config.LeaderKey]; pod != "" {
			m.note(into, pod)
		}
	})
	return m
}

// note records that a pod was seen now, if it is another one than the last.
func (m *times) note(into *[]holding, pod string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if all := *into; len(all) == 0 || all[len(all)-1].pod != pod {
		*into = append(all, holding{pod, time.Now()})
	}
}

func holderOf(object any) string {
	lease, ok := object.(*coordinationv1.Lease)
	if !ok || lease.Spec.HolderIdentity == nil {
		return ""
	}
	pod, _, _ := strings.Cut(*lease.Spec.HolderIdentity, "_")
	return pod
}

// eachEvent calls a function for the object of each event of a watch, until the test ends.
func (s *testNamespace) eachEvent(begin func() (watch.Interface, error), handle func(object any)) {
	s.t.Helper()
	events, err := begin()
	if err != nil {
		s.t.Fatal(err)
	}
	var running sync.WaitGroup
	s.t.Cleanup(func() { events.Stop(); running.Wait() })
	running.Go(func() {
		for event := range events.ResultChan() {
			handle(event.Object)
		}
	})
}

// took returns how long after a change of the Lease, counted from 0, the slices were seen to change; false before all were. The watches are not of
// the same moment: a slice's event may come before the Lease's.
func (m *times) took(change int) (tanist, floor time.Duration, done bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if min(len(m.lease), len(m.tanist), len(m.bare)) <= change {
		return 0, 0, false
	}
	at := m.lease[change].at
	return m.tanist[change].at.Sub(at), m.bare[change].at.Sub(at), true
}

// TestEachElectionOfClientGoIsFollowed lets client-go change the holder 50 times, and logs how long Tanist took to follow. Beside it, a loop
// that does nothing but watch the Lease and patch a slice shows what the API server takes. What both took depends on the machine.
// Each Service has few enough changes that its writes are not slowed.
func TestEachElectionOfClientGoIsFollowed(t *testing.T) {
	const services, changes = 10, 5
	newTanist(t).startElected()
	var tanist, floor []time.Duration
	for range services {
		t.Run("Service", func(t *testing.T) { // its pods end with it
			first, second := followElections(t, changes)
			tanist, floor = append(tanist, first...), append(floor, second...)
		})
	}
	if t.Failed() {
		return
	}
	slices.Sort(tanist)
	slices.Sort(floor)
	last := len(tanist) - 1
	t.Logf("%d changes of holder; from the Lease's event to the slice's: Tanist median %s, highest %s; floor median %s, highest %s",
		len(tanist), tanist[last/2], tanist[last], floor[last/2], floor[last])
}

// followElections has the holder of a new Service's Lease changed so many times, and returns how long Tanist and the floor took to follow.
func followElections(t *testing.T, changes int) (tanist, floor []time.Duration) {
	t.Helper()
	s := following(t)
	s.withReadyPod("web", "c")
	measured := s.measure("elected")
	e := s.elect("elected", "a", "b", "c")
	pod := e.next()
	before := s.leads("web", pod)
	for change := range changes {
		e.resigns(pod)
		pod = e.next()
		after := s.leads("web", pod)
		if after.Leader == before.Leader || after.Term <= before.Term || after.Reason != "LeaseHolder" {
			t.Fatalf("got %+v after %+v", after, before)
		}
		before = after
		history.eventually(t, func() string {
			first, second, done := measured.took(change + 1) // the first is that from nobody
			if !done {
				return "that both slices were seen to change"
			}
			tanist, floor = append(tanist, first), append(floor, second)
			return ""
		})
	}
	return tanist, floor
}
