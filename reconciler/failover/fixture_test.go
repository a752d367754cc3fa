package failover

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	coordinationv1 "k8s.io/api/coordination/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/commitrules"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/test/dummy"
	"github.com/tanist-dev/tanist/test/gen"
)

// listedVersion is the resourceVersion of a live list.
const listedVersion = "35"

// fixture is a Controller with a fake API and synced informers. Pod a1 leads with term 5, and pod b2 can follow.
type fixture struct {
	*Controller
	t   testing.TB
	api client.WithWatch
	// otherClient is another replica's client of the same API. Its calls are not counted.
	otherClient client.WithWatch
	reads       atomic.Int32
	writes      atomic.Int32
	answer      func() error // the error of an update, called before the update is made; nil for no errors
	leaseHeld   atomic.Bool  // whether this replica holds the Lease
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	source := gen.WebService()
	leader := gen.LeaderOf(source)
	a, b := gen.ReadyPod("a1"), gen.ReadyPod("b2")
	slice := sliceWritten(a.Name, 5, leaderslice.Basis{Pods: "30", Services: "20"})

	f := &fixture{t: t}
	f.otherClient = fake.NewClientBuilder().WithObjects(source.DeepCopy(), leader.DeepCopy(), a.DeepCopy(), b.DeepCopy(), slice).
		WithIndex(&coordinationv1.Lease{}, metav1.ObjectNameField, func(lease client.Object) []string { return []string{lease.GetName()} }).Build()
	f.api = interceptor.NewClient(f.otherClient, interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
			f.reads.Add(1)
			return c.Get(ctx, key, obj, opts...)
		},
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			f.reads.Add(1)
			err := c.List(ctx, list, opts...)
			list.SetResourceVersion(listedVersion) // the fake API sets none
			return err
		},
		Create: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.CreateOption) error {
			if obj.GetUID() == "" { // the fake API sets none
				obj.SetUID(types.UID(obj.GetName() + "-uid"))
			}
			return c.Create(ctx, obj, opts...)
		},
		Update: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.UpdateOption) error {
			f.writes.Add(1)
			if f.answer != nil {
				if err := f.answer(); err != nil {
					return err
				}
			}
			if err := ctx.Err(); err != nil { // the fake API ignores it
				return err
			}
			return c.Update(ctx, obj, opts...)
		},
	})

	f.Controller = newController(t, f.api, f.leaseHeld.Load, gen.Namespace("shop"), source, leader, a, b)
	f.leaders.Observe(gen.ShopWeb, leaderslice.Parse(f.slice()), time.Now().Add(-time.Minute)) // others do not commit just now
	f.reads.Store(0)
	return f
}

// newController returns the controller of a replica whose informers have delivered these objects.
func newController(t testing.TB, api client.Client, holdsLease func() bool, objects ...metav1.Object) *Controller {
	t.Helper()
	stores, quiet := store.NewFake(objects...), &notify.QuietPeriod{}
	c, err := New(Options{
		Stores: stores, Live: api, Client: api, Leaders: cache.New(), Tuning: config.NewStore(), Clock: &commitrules.Clock{}, Holds: holdsLease,
		Registerer: prometheus.NewRegistry(), Events: notify.NewEventSender(api, quiet), Recorder: events.NewFakeRecorder(100), Quiet: quiet,
		EnqueueAll: func() {}, SuccessorChanges: &store.Enqueuer{},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// newLeaseHolder returns a fixture whose replica holds the Lease, and has found out that no other replica prepares hand-overs.
func newLeaseHolder(t testing.TB) *fixture {
	t.Helper()
	f := newFixture(t)
	f.leaseHeld.Store(true)
	f.deferral.NoOtherCommitted("shop", time.Time{}, time.Now().Add(-time.Second))
	f.deferral.NoOtherCommitted("shop", time.Time{}, time.Now())
	return f
}

// sliceWritten returns the slice as a replica writes it that has seen this much of the pods and the Services.
func sliceWritten(pod string, term int64, basis leaderslice.Basis) *discoveryv1.EndpointSlice {
	content := leaderslice.Content{
		Source: gen.WebService(), LeaderService: gen.LeaderOf(gen.WebService()), State: dummy.Leading(pod, term), Pod: gen.ReadyPod(pod), Basis: basis,
	}
	slice := content.RenderPrimary(discoveryv1.AddressTypeIPv4)
	slice.UID = "slice"
	return slice
}

func (f *fixture) slice() *discoveryv1.EndpointSlice {
	f.t.Helper()
	slice := &discoveryv1.EndpointSlice{}
	key := client.ObjectKey{Namespace: "shop", Name: "web-leader-ipv4"}
	if err := f.api.Get(f.t.Context(), key, slice); err != nil {
		f.t.Fatal(err)
	}
	return slice
}

func (f *fixture) reconcile() (reconcile.Result, error) {
	return f.Reconcile(f.t.Context(), reconcile.Request{NamespacedName: gen.ShopWeb})
}

// taken returns the arrival of the first event that waits for a reconciliation, and forgets it.
func (f *fixture) taken() time.Time {
	first, _ := f.triggers.Take(gen.ShopWeb)
	return first
}

// deleteLeader begins the deletion of a1.
func (f *fixture) deleteLeader() {
	f.t.Helper()
	if err := store.Fake(f.stores.Pods).Update(gen.ReadyPod("a1", gen.Terminating)); err != nil {
		f.t.Fatal(err)
	}
	f.triggers.Record(gen.ShopWeb, time.Now())
}

func (f *fixture) expect(leader string, term int64) {
	f.t.Helper()
	if state := leaderslice.Parse(f.slice()).State; state.Leader.Name != leader || state.Term != term {
		f.t.Errorf("%q leads with term %d, want %q with %d", state.Leader.Name, state.Term, leader, term)
	}
}

// expectNewTerm expects a leader whose term began a moment ago.
func (f *fixture) expectNewTerm(leader string) {
	f.t.Helper()
	state := leaderslice.Parse(f.slice()).State
	if age := time.Since(time.UnixMilli(state.Term)); state.Leader.Name != leader || age < -leaderslice.FirstTermLead-time.Second || age > time.Minute {
		f.t.Errorf("%q leads with term %d, want %q with a new one", state.Leader.Name, state.Term, leader)
	}
}

// commitByOther commits as another replica. The informer of this replica has not delivered the commit.
func (f *fixture) commitByOther(pod string, term int64, basis leaderslice.Basis) {
	f.t.Helper()
	desired, current := sliceWritten(pod, term, basis), f.slice()
	desired.ResourceVersion = current.ResourceVersion
	leaderslice.RecordMove(desired, current, leaderslice.Move{At: time.UnixMilli(term), To: pod, Term: term, Reason: "LeaderDeleted"})
	if err := f.otherClient.Update(f.t.Context(), desired); err != nil {
		f.t.Fatal(err)
	}
}

// misses returns the misses that the leader cache has counted, by reason.
func (f *fixture) misses() map[string]float64 {
	f.t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(f.leaders)
	families, err := registry.Gather()
	if err != nil {
		f.t.Fatal(err)
	}
	misses := map[string]float64{}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if count := metric.GetCounter().GetValue(); count > 0 && family.GetName() == "tanist_leader_cache_misses_total" {
				misses[metric.GetLabel()[0].GetValue()] = count
			}
		}
	}
	return misses
}
