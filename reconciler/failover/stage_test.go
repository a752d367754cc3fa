package failover

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/test/gen"
)

// listedVersion is that of a live list of pods.
const listedVersion = "35"

// stage is a succession controller in front of a fake API, with its informers synced: a leads with term 5, b could follow.
type stage struct {
	*Controller
	t   *testing.T
	api client.WithWatch
	// elsewhere is the same API as another replica sees it: what it asks is not counted.
	elsewhere client.WithWatch
	reads     atomic.Int32
	writes    atomic.Int32
	answer    func() error // what the API answers to an update, before it does as asked; nil for success
	holding   atomic.Bool  // whether this replica holds the Lease
}

func newStage(t *testing.T) *stage {
	t.Helper()
	source := gen.WebService()
	leader := gen.LeaderOf(source)
	a, b := gen.ReadyPod("a1"), gen.ReadyPod("b2")
	slice := written(a.Name, 5, leaderslice.Basis{Pods: "30", Services: "20"})

	st := &stage{t: t}
	st.elsewhere = fake.NewClientBuilder().WithObjects(source.DeepCopy(), leader.DeepCopy(), a.DeepCopy(), b.DeepCopy(), slice).Build()
	st.api = interceptor.NewClient(st.elsewhere, interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
			st.reads.Add(1)
			return c.Get(ctx, key, obj, opts...)
		},
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			st.reads.Add(1)
			err := c.List(ctx, list, opts...)
			list.SetResourceVersion(listedVersion) // the fake API gives none
			return err
		},
		Create: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.CreateOption) error {
			if obj.GetUID() == "" { // the fake API gives none
				obj.SetUID(types.UID(obj.GetName() + "-uid"))
			}
			return c.Create(ctx, obj, opts...)
		},
		Update: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.UpdateOption) error {
			st.writes.Add(1)
			if st.answer != nil {
				if err := st.answer(); err != nil {
					return err
				}
			}
			if err := ctx.Err(); err != nil { // the fake API would not mind
				return err
			}
			return c.Update(ctx, obj, opts...)
		},
	})

	tuning, quiet := config.NewStore(), &notify.QuietPeriod{}
	m, err := newMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	st.Controller = &Controller{
		stores: store.NewFake(gen.Namespace("shop"), source, leader, a, b), live: st.api, client: st.api,
		leaders: cache.New(), tuning: tuning, clock: &Clock{}, holds: st.holding.Load,
		recorder: events.NewFakeRecorder(100), metrics: m, events: notify.NewEventSender(st.api, quiet),
		triggers: newTriggerTimes(), warnings: notify.NewDeduplicator(), told: notify.NewDeduplicator(), repairs: notify.NewBackoff(), refusals: notify.NewBackoff(),
		limiter:  newLimiter(func() int { return tuning.Load().Commit.Concurrency }, func(types.NamespacedName) {}),
		standing: &store.Enqueuer{}, quiet: quiet,
	}
	st.leaders.Observe(gen.ShopWeb, leaderslice.Parse(st.slice()), time.Now())
	st.reads.Store(0)
	return st
}

// elected is a stage whose replica holds the Lease.
func elected(t *testing.T) *stage {
	t.Helper()
	st := newStage(t)
	st.holding.Store(true)
	return st
}

// written is the slice as a replica writes it that had seen this much of the pods and the Services.
func written(pod string, term int64, basis leaderslice.Basis) *discoveryv1.EndpointSlice {
	content := leaderslice.Content{
		Source: gen.WebService(), LeaderService: gen.LeaderOf(gen.WebService()), State: leading(pod, term), Pod: gen.ReadyPod(pod), Basis: basis,
	}
	slice := content.RenderPrimary(discoveryv1.AddressTypeIPv4)
	slice.UID = "slice"
	return slice
}

func (st *stage) slice() *discoveryv1.EndpointSlice {
	st.t.Helper()
	slice := &discoveryv1.EndpointSlice{}
	key := client.ObjectKey{Namespace: "shop", Name: "web-leader-ipv4"}
	if err := st.api.Get(st.t.Context(), key, slice); err != nil {
		st.t.Fatal(err)
	}
	return slice
}

func (st *stage) reconcile() (reconcile.Result, error) {
	return st.Reconcile(st.t.Context(), reconcile.Request{NamespacedName: gen.ShopWeb})
}

// lose begins the leader's deletion.
func (st *stage) lose() {
	st.t.Helper()
	if err := st.stores.Pods.Update(gen.ReadyPod("a1", gen.Terminating)); err != nil {
		st.t.Fatal(err)
	}
	st.triggers.note(gen.ShopWeb, time.Now())
}

func (st *stage) expect(leader string, term int64) {
	st.t.Helper()
	if state := leaderslice.Parse(st.slice()).State; state.Leader.Name != leader || state.Term != term {
		st.t.Errorf("%q leads with term %d, want %q with %d", state.Leader.Name, state.Term, leader, term)
	}
}

// expectNew expects a leader whose term began a moment ago.
func (st *stage) expectNew(leader string) {
	st.t.Helper()
	state := leaderslice.Parse(st.slice()).State
	if age := time.Since(time.UnixMilli(state.Term)); state.Leader.Name != leader || age < -leaderslice.FirstTermLead || age > time.Minute {
		st.t.Errorf("%q leads with term %d, want %q with a new one", state.Leader.Name, state.Term, leader)
	}
}

// misses are the counted misses of the leader cache, by reason.
func (st *stage) misses() map[string]float64 {
	st.t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(st.leaders)
	families, err := registry.Gather()
	if err != nil {
		st.t.Fatal(err)
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

// commitElsewhere is another replica's commit, which our informer has not delivered.
func (st *stage) commitElsewhere(pod string, term int64, basis leaderslice.Basis) {
	st.t.Helper()
	desired := written(pod, term, basis)
	desired.ResourceVersion = st.slice().ResourceVersion
	if err := st.elsewhere.Update(st.t.Context(), desired); err != nil {
		st.t.Fatal(err)
	}
}
