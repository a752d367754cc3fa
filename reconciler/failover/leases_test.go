package failover

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/informers"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/test/gen"
)

// shopLease is the Lease of gen.LeaseHeldBy.
var shopLease = types.NamespacedName{Namespace: "shop", Name: "web"}

// see makes a controller see a Lease; nil for one that does not exist.
func see(c *Controller, name types.NamespacedName, lease *coordinationv1.Lease) {
	found := informers.Found{Known: true}
	if lease != nil {
		found.Object, found.Seen = lease, lease.ResourceVersion
	}
	store.FakeLeases(c.stores.Leases).Set(name, found)
}

// follow makes the Service follow the Lease.
func (f *fixture) follow() {
	f.t.Helper()
	service := gen.WebService()
	service.Annotations[config.FollowLeaseKey], service.ResourceVersion = shopLease.Name, "21"
	if err := store.Fake(f.stores.Services).Update(service); err != nil {
		f.t.Fatal(err)
	}
	there := &corev1.Service{}
	if err := f.otherClient.Get(f.t.Context(), client.ObjectKeyFromObject(service), there); err != nil {
		f.t.Fatal(err)
	}
	there.Annotations[config.FollowLeaseKey] = shopLease.Name
	if err := f.otherClient.Update(f.t.Context(), there); err != nil {
		f.t.Fatal(err)
	}
}

func TestAServiceFollowsTheLeaseThatItNames(t *testing.T) {
	f := newLeaseHolder(t)
	f.follow()
	see(f.Controller, shopLease, gen.LeaseHeldBy("b2_x", "50"))
	if _, err := f.reconcile(); err != nil {
		t.Fatal(err)
	}
	if got := f.stores.Leases.Watched(); len(got) != 1 || got[0] != shopLease {
		t.Errorf("got %v watched", got)
	}
	f.expectNewTerm("b2")
	if basis := leaderslice.Parse(f.slice()).Basis; basis.Lease != "50" {
		t.Errorf("got basis %+v", basis)
	}
	elects := gen.WebService(func(service *corev1.Service) { service.ResourceVersion = "22" })
	if err := store.Fake(f.stores.Services).Update(elects); err != nil {
		t.Fatal(err)
	}
	if _, err := f.reconcile(); err != nil {
		t.Fatal(err)
	}
	if got := f.stores.Leases.Watched(); len(got) != 0 {
		t.Errorf("%v is still watched", got)
	}
}

// TestALeaseThatIsOlderThanTheSliceSaysIsReadLive: the slice's writer has seen a newer version than this replica. It may date from before a restore of
// etcd, which takes versions back, or be made up.
func TestALeaseThatIsOlderThanTheSliceSaysIsReadLive(t *testing.T) {
	for name, test := range map[string]struct {
		// there is who holds the Lease according to the API server; "none" if there is no Lease.
		there, want string
	}{
		"it was restored":            {there: "b2_x", want: "b2"},
		"it has moved on since":      {there: "a1_x", want: "a1"},
		"it was released since":      {there: "", want: "a1"},
		"it was deleted since":       {there: "none", want: "a1"},
		"it is held by nobody known": {there: "z9_x", want: "a1"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newLeaseHolder(t)
				f.follow()
				if test.there != "none" {
					if err := f.otherClient.Create(t.Context(), gen.LeaseHeldBy(test.there, "")); err != nil {
						t.Fatal(err)
					}
				}
				see(f.Controller, shopLease, gen.LeaseHeldBy("b2_x", "600"))
				f.commitByOther("a1", 6, leaderslice.Basis{Pods: "30", Services: "20", Lease: "1000"})
				f.leaders.Observe(gen.ShopWeb, leaderslice.Parse(f.slice()), time.Now())
				start := time.Now()
				for f.writes.Load() == 0 && f.misses()["behind"] == 0 {
					result, err := f.reconcile()
					if err != nil {
						t.Fatal(err)
					}
					<-time.After(result.RequeueAfter)
					if time.Since(start) > time.Minute {
						t.Fatal("it waits forever")
					}
				}
				if took := time.Since(start); took < maxBehind || took > maxBehind+50*time.Millisecond {
					t.Errorf("it waited for %s, want %s", took, maxBehind)
				}
				if test.want == "a1" {
					f.expect("a1", 6)
					return
				}
				f.expectNewTerm(test.want)
				if got := leaderslice.Parse(f.slice()).Basis.Lease; got != "1" {
					t.Errorf("got basis %s, want what was read", got)
				}
			})
		})
	}
}

// withQueue gives the controller a queue, as its start does.
func withQueue(t *testing.T, c *Controller) store.Queue {
	t.Helper()
	q := gen.NewQueue(t)
	c.queue.Store(&q)
	return q
}

func TestAThousandRenewalsEnqueueNoService(t *testing.T) {
	const leases = 1000
	c := newController(t, nil, nil)
	q := withQueue(t, c)
	at := func(i int) types.NamespacedName {
		return types.NamespacedName{Namespace: "shop", Name: fmt.Sprintf("web-%d", i)}
	}
	renewed := time.Now()
	set := func(i int, identity string, age time.Duration) {
		see(c, at(i), gen.LeaseHeldBy(identity, "1", gen.RenewedAt(renewed.Add(age))))
	}
	for i := range leases {
		c.stores.Leases.Follow(at(i), at(i).Name)
		set(i, "a1_x", 0)
	}
	if got := len(gen.Enqueued(q)); got != leases {
		t.Fatalf("%d Services are enqueued for %d Leases that are new", got, leases)
	}
	for round := range 5 {
		for i := range leases {
			set(i, "a1_x", time.Duration(round+1)*2*time.Second)
		}
	}
	gen.WantEnqueued(t, q, "Leases are renewed")
	set(7, "b2_x", 12*time.Second)
	gen.WantEnqueued(t, q, "a Lease has another holder", "web-7")
	see(c, at(8), nil)
	gen.WantEnqueued(t, q, "a Lease is deleted", "web-8")
	set(8, "a1_x", 12*time.Second)
	gen.WantEnqueued(t, q, "a Lease is created", "web-8")
}

func TestTheFirstRenewalByALaterPodOfTheNameEnqueuesItsService(t *testing.T) {
	born := time.Now().Truncate(time.Second)
	c := newController(t, nil, nil, gen.ReadyPod("a1", gen.MadeAt(born)))
	q := withQueue(t, c)
	c.stores.Leases.Follow(gen.ShopWeb, shopLease.Name)
	set := func(renewed time.Time) {
		see(c, shopLease, gen.LeaseHeldBy("a1", "1", gen.RenewedAt(renewed)))
	}
	set(born.Add(-time.Second))
	gen.WantEnqueued(t, q, "the Lease is new", "web")
	set(born.Add(-time.Millisecond))
	gen.WantEnqueued(t, q, "the pod before it renews")
	set(born.Add(time.Second))
	gen.WantEnqueued(t, q, "the pod renews", "web")
	set(born.Add(2 * time.Second))
	gen.WantEnqueued(t, q, "the pod renews again")
}

func TestAServiceIsEnqueuedOnceWhenItsLeaseIsOverdue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c := newController(t, nil, nil)
		q := withQueue(t, c)
		if err := c.watchOverdue(ctx, q); err != nil {
			t.Fatal(err)
		}
		c.stores.Leases.Follow(gen.ShopWeb, shopLease.Name)
		renew := func() {
			see(c, shopLease, gen.LeaseHeldBy("a1_x", "1", gen.RenewedAt(time.Now())))
		}
		renew()
		drain(q)
		for range 100 { // 200 s, which is longer than the Lease lasts
			<-time.After(2 * time.Second)
			renew()
		}
		if got := drain(q); got != 0 {
			t.Errorf("renewals enqueue the Service %d times", got)
		}
		<-time.After(time.Minute)
		if got := drain(q); got != 1 {
			t.Errorf("a Lease that is overdue enqueues the Service %d times", got)
		}
		renew()
		if got := drain(q); got != 1 {
			t.Errorf("a Lease that is renewed again enqueues the Service %d times", got)
		}
		<-time.After(time.Minute)
		if got := drain(q); got != 1 {
			t.Errorf("a Lease that is overdue again enqueues the Service %d times", got)
		}
		cancel()
		q.ShutDown()
		synctest.Wait()
	})
}

// drain takes everything from a queue, and returns how much it was.
func drain(q store.Queue) (count int) {
	synctest.Wait()
	for q.Len() > 0 {
		var request reconcile.Request
		request, _ = q.Get()
		q.Done(request)
		count++
	}
	return count
}
