package failover

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"

	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/reconciler/planner"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/test/dummy"
	"github.com/tanist-dev/tanist/test/gen"
)

// observes gives the fixture's replica an observer.
func (f *fixture) observes(b *dummy.Observer) *dummy.Observer {
	f.observer = b
	return b
}

// warned returns the Events that were recorded since the last call and have this reason.
func (f *fixture) warned(reason string) []string {
	f.t.Helper()
	recorder, ok := f.recorder.(*events.FakeRecorder)
	if !ok {
		f.t.Fatal("the recorder is no fake")
	}
	var notes []string
	for {
		select {
		case note := <-recorder.Events:
			if strings.Contains(note, " "+reason+" ") {
				notes = append(notes, note)
			}
		default:
			return notes
		}
	}
}

func TestWhoCommitsAMoveByVerdict(t *testing.T) {
	for name, test := range map[string]struct {
		verdict  observe.Verdict
		holds    bool
		wantWait time.Duration
	}{
		"a crash, the holder of the Lease":     {verdict: observe.LeaderCrashed, holds: true},
		"a crash, another replica":             {verdict: observe.LeaderCrashed},
		"a hang, another replica":              {verdict: observe.LeaderFrozen},
		"a lost node, the holder of the Lease": {verdict: observe.NodeLost, holds: true},
		"a lost node, another replica":         {verdict: observe.NodeLost, wantWait: 50 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t)
				f.leaseHeld.Store(test.holds)
				f.observes(dummy.Convicts(test.verdict, "a1", "b2"))
				result, err := f.reconcile()
				if err != nil {
					t.Fatal(err)
				}
				if test.wantWait > 0 {
					if f.writes.Load() != 0 || result.RequeueAfter != test.wantWait {
						t.Fatalf("%d writes, and it is decided again after %s, want %s", f.writes.Load(), result.RequeueAfter, test.wantWait)
					}
					<-time.After(result.RequeueAfter)
					if result, err = f.reconcile(); err != nil {
						t.Fatal(err)
					}
				}
				f.expectNewTerm("b2")
				if reason := leaderslice.Parse(f.slice()).State.Reason; f.writes.Load() != 1 || reason != string(test.verdict) {
					t.Errorf("%d writes with reason %s, want one with %s", f.writes.Load(), reason, test.verdict)
				}
				if result.RequeueAfter != planner.MarkedAtLeast {
					t.Errorf("it is decided again after %s, want when a1 may lead again, after %s", result.RequeueAfter, planner.MarkedAtLeast)
				}
			})
		})
	}
}

// TestAVerdictOfAReplicaThatIsBehindWaitsForNoEvents: another replica has just listed the pods, and this one has no bookmark as new as that list. It
// decides from what it reads live, and not from its informers.
func TestAVerdictOfAReplicaThatIsBehindWaitsForNoEvents(t *testing.T) {
	unchanged := func(*fixture) error { return nil }
	replaced := func(f *fixture) error {
		next := gen.ReadyPod("c3", func(pod *corev1.Pod) { pod.ResourceVersion = "" }) // the fake API gives it one
		return errors.Join(f.otherClient.Delete(f.t.Context(), gen.ReadyPod("b2")), f.otherClient.Create(f.t.Context(), next))
	}
	cases := map[string]struct {
		verdict observe.Verdict
		unseen  func(*fixture) error
		want    string
	}{
		"a crash":                  {verdict: observe.LeaderCrashed, unseen: unchanged, want: "b2"},
		"a freeze":                 {verdict: observe.LeaderFrozen, unseen: unchanged, want: "b2"},
		"a lost node":              {verdict: observe.NodeLost, unseen: unchanged, want: "b2"},
		"who would follow is gone": {verdict: observe.LeaderCrashed, unseen: replaced, want: "c3"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newLeaseHolder(t)
				f.commitByOther("a1", 6, leaderslice.Basis{Pods: "31", Services: "20"})
				f.leaders.Observe(gen.ShopWeb, leaderslice.Parse(f.slice()), time.Now())
				f.observes(dummy.Convicts(test.verdict, "a1", "b2", "c3"))
				if err := test.unseen(f); err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				if _, err := f.reconcile(); err != nil {
					t.Fatal(err)
				}
				f.expectNewTerm(test.want)
				if took := time.Since(start); took > 0 || f.writes.Load() != 1 {
					t.Errorf("%d writes after %s, want one at once", f.writes.Load(), took)
				}
				if diff := cmp.Diff(map[string]float64{"behind": 1}, f.misses()); diff != "" {
					t.Errorf("unexpected misses of the leader cache (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// The API server may be lost together with the leader, and come back together with it.
func TestAVerdictThatIsWithdrawnWhileTheAPIServerIsAwayMovesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newLeaseHolder(t)
		b := f.observes(dummy.Convicts(observe.NodeLost, "a1", "b2"))
		f.answer = func() error {
			b.Verdicts = nil
			return apierrors.NewTooManyRequests("slow down", 1)
		}
		if _, err := f.reconcile(); err != nil {
			t.Fatal(err)
		}
		f.expect("a1", 5)
		if f.writes.Load() != 1 {
			t.Errorf("%d attempts to move the leader, want none after it was heard again", f.writes.Load())
		}
	})
}

func TestAVerdictDecidesTheServiceAtOnce(t *testing.T) {
	f := newFixture(t)
	q := gen.NewQueue(t)
	f.queue.Store(&q)
	f.VerdictChanged(gen.ShopWeb)
	gen.WantEnqueued(t, q, "a verdict on the leader", "web")
	if f.taken().IsZero() {
		t.Error("the time of the verdict is not recorded, so nobody knows how long the hand-over took")
	}
}

func TestALostLeaderThatStaysIsReportedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		b := f.observes(dummy.Convicts(observe.NodeLost, "a1"))
		result, err := f.reconcile()
		if err != nil || result.RequeueAfter != suspicionDelay {
			t.Fatalf("it is decided again after %s (%v), want %s", result.RequeueAfter, err, suspicionDelay)
		}
		if notes := f.warned(notify.ReasonLossSuspected); len(notes) > 0 {
			t.Errorf("reported before the other pods can have answered: %v", notes)
		}
		<-time.After(result.RequeueAfter)
		for range 2 {
			if result, err = f.reconcile(); err != nil || result.RequeueAfter != 0 {
				t.Fatalf("it is decided again after %s (%v), want never", result.RequeueAfter, err)
			}
		}
		notes := f.warned(notify.ReasonLossSuspected)
		if len(notes) != 1 || !strings.HasPrefix(notes[0], corev1.EventTypeWarning) || !strings.Contains(notes[0], "a1 seems to be lost (NodeLost)") {
			t.Errorf("reported as %q, want one warning about a1", notes)
		}
		b.Verdicts = nil
		if _, err := f.reconcile(); err != nil || len(f.suspicions.since) != 0 {
			t.Errorf("%d suspicions are remembered after the leader was heard (%v)", len(f.suspicions.since), err)
		}
	})
}

func TestALostLeaderThatIsReplacedAMomentLaterIsNoWarning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newLeaseHolder(t)
		b := f.observes(dummy.Convicts(observe.LeaderCrashed, "a1"))
		if _, err := f.reconcile(); err != nil {
			t.Fatal(err)
		}
		b.HeardPods["b2-uid"] = true
		<-time.After(5 * time.Millisecond)
		if _, err := f.reconcile(); err != nil {
			t.Fatal(err)
		}
		f.expectNewTerm("b2")
		<-time.After(suspicionDelay)
		if _, err := f.reconcile(); err != nil {
			t.Fatal(err)
		}
		if notes := f.warned(notify.ReasonLossSuspected); len(notes) > 0 {
			t.Errorf("reported: %v", notes)
		}
	})
}

func TestALeaderOutOfSightIsReported(t *testing.T) {
	f := newLeaseHolder(t)
	f.stores = store.NewFake(gen.Namespace("shop"), gen.WebService(), gen.LeaderOf(gen.WebService()),
		gen.ReadyPod("a1", gen.NotReady), gen.ReadyPod("b2", gen.NotReady), gen.NodeNamed("node-of-a1", gen.Unknown))
	for range 2 {
		if _, err := f.reconcile(); err != nil {
			t.Fatal(err)
		}
	}
	f.expect("a1", 5)
	if f.writes.Load() != 0 {
		t.Errorf("%d writes, want none", f.writes.Load())
	}
	if notes := f.warned(notify.ReasonLeaderOutOfSight); len(notes) != 1 || !strings.Contains(notes[0], "node-of-a1") {
		t.Errorf("reported as %q, want one warning that names the node", notes)
	}
}

func TestALeaderOutOfSightStaysWhileItSaysThatItIsReady(t *testing.T) {
	f := newLeaseHolder(t)
	f.stores = store.NewFake(gen.Namespace("shop"), gen.WebService(), gen.LeaderOf(gen.WebService()),
		gen.ReadyPod("a1", gen.NotReady), gen.ReadyPod("b2"), gen.NodeNamed("node-of-a1", gen.Unknown))
	b := f.observes(dummy.Hears())
	b.ReadyPods = map[types.UID]bool{"a1-uid": true}
	for range 2 {
		result, err := f.reconcile()
		if err != nil {
			t.Fatal(err)
		}
		if result.RequeueAfter <= 0 || result.RequeueAfter > askAgainAfter {
			t.Errorf("decided again after %s, want at most %s", result.RequeueAfter, askAgainAfter)
		}
	}
	f.expect("a1", 5)
	if !b.Watched.LeaderOutOfSight {
		t.Error("the observer is not told to ask it")
	}
	if notes := f.warned(notify.ReasonLeaderOutOfSight); len(notes) != 1 || !strings.Contains(notes[0], "as long as it answers") {
		t.Errorf("reported as %q, want one warning that says why it stays", notes)
	}
	b.ReadyPods = nil
	if _, err := f.reconcile(); err != nil {
		t.Fatal(err)
	}
	f.expectNewTerm("b2")
}

func TestAServiceThatHasNoLeaderServiceIsNotObserved(t *testing.T) {
	f := newLeaseHolder(t)
	b := f.observes(dummy.Hears("b2"))
	if _, err := f.reconcile(); err != nil || b.Watched == nil || b.Watched.Leader == nil || b.Watched.Leader.Name != "a1" {
		t.Fatalf("the leader is not observed: %+v (%v)", b.Watched, err)
	}
	if err := store.Fake(f.stores.Services).Delete(gen.LeaderOf(gen.WebService())); err != nil {
		t.Fatal(err)
	}
	if _, err := f.reconcile(); err != nil || b.Watched != nil {
		t.Errorf("the leader is still observed: %+v (%v)", b.Watched, err)
	}
}

func TestANodeThatDropsNewConnectionsIsReportedOnceAndMovesNobody(t *testing.T) {
	f := newLeaseHolder(t)
	b := f.observes(dummy.Hears("a1", "b2"))
	b.DropsNew = true
	for range 2 {
		if _, err := f.reconcile(); err != nil {
			t.Fatal(err)
		}
	}
	notes := f.warned(notify.ReasonNewConnectionsDropped)
	if len(notes) != 1 || !strings.HasPrefix(notes[0], corev1.EventTypeWarning) || !strings.Contains(notes[0], "may no longer reach a1") {
		t.Errorf("reported as %q, want one warning about a1", notes)
	}
	if state := leaderslice.Parse(f.slice()).State; state.Leader.Name != "a1" {
		t.Errorf("%q leads, want a1", state.Leader.Name)
	}
}
