package failover

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestAHandoverIsOneWriteAndNoRead(t *testing.T) {
	f := newLeaseHolder(t)
	f.deleteLeader()
	result, err := f.reconcile()
	if err != nil || result.RequeueAfter != 0 {
		t.Fatalf("got %+v, %v", result, err)
	}
	if f.reads.Load() != 0 || f.writes.Load() != 1 {
		t.Errorf("%d reads and %d writes, want none and one", f.reads.Load(), f.writes.Load())
	}
	f.expectNewTerm("b2")
	if got := testutil.ToFloat64(f.metrics.handovers.WithLabelValues("LeaderDeleted", "unprepared")); got != 1 {
		t.Errorf("%v hand-overs are counted", got)
	}
	record, _ := f.leaders.Peek(gen.ShopWeb)
	if record.Leader.Name != "b2" || record.Term <= 5 || record.HighestTerm != record.Term {
		t.Errorf("the leader cache says %+v", record.State)
	}
	if _, err := f.reconcile(); err != nil || f.writes.Load() != 1 {
		t.Errorf("another reconciliation makes %d writes (%v)", f.writes.Load()-1, err)
	}
}

func TestAnotherReplicaCommitsAfterADelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.deleteLeader()
		result, err := f.reconcile()
		if err != nil || result.RequeueAfter != 50*time.Millisecond || f.writes.Load() != 0 {
			t.Fatalf("got %+v, %v and %d writes", result, err, f.writes.Load())
		}
		<-time.After(result.RequeueAfter)
		if result, err = f.reconcile(); err != nil || result.RequeueAfter != 0 {
			t.Fatalf("got %+v, %v", result, err)
		}
		f.expectNewTerm("b2")
		if got := testutil.ToFloat64(f.metrics.handovers.WithLabelValues("LeaderDeleted", "backup")); got != 1 {
			t.Errorf("%v hand-overs are counted", got)
		}
	})
}

func TestAnotherReplicaDoesNotCommitAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.deleteLeader()
		if _, err := f.reconcile(); err != nil {
			t.Fatal(err)
		}
		f.commitByOther("b2", 6, leaderslice.Basis{Pods: "30", Services: "20"})
		f.leaders.Observe(gen.ShopWeb, leaderslice.Parse(f.slice()), time.Now())
		<-time.After(time.Second)
		result, err := f.reconcile()
		if err != nil || result.RequeueAfter != 0 || f.writes.Load() != 0 {
			t.Errorf("got %+v, %v and %d writes", result, err, f.writes.Load())
		}
	})
}

func TestAfterAConflictTheServiceIsReadLiveAndDecidedAgain(t *testing.T) {
	cases := map[string]struct {
		other    string
		basis    leaderslice.Basis
		want     string // the leader after this replica has decided again
		wantNew  bool
		wantWait time.Duration
	}{
		"another replica made the same decision": {
			other: "b2", basis: leaderslice.Basis{Pods: "30", Services: "20"}, want: "b2",
		},
		"another replica chose a pod that this replica has not seen": {
			other: "c3", basis: leaderslice.Basis{Pods: "31", Services: "20"}, want: "c3", wantWait: behindDelay,
		},
		"another replica decided upon a Service that this replica has not seen": {
			other: "c3", basis: leaderslice.Basis{Pods: "30", Services: "21"}, want: "c3", wantWait: behindDelay,
		},
		"another replica, which has seen no more, chose a pod that is gone": {
			other: "c3", basis: leaderslice.Basis{Pods: "30", Services: "20"}, want: "b2", wantNew: true,
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newLeaseHolder(t)
				if _, err := f.reconcile(); err != nil {
					t.Fatal(err)
				}
				f.commitByOther(test.other, 6, test.basis)
				f.deleteLeader()
				f.reads.Store(0)
				result, err := f.reconcile()
				if err != nil || result.RequeueAfter != test.wantWait {
					t.Errorf("got %+v, %v, want a wait of %s", result, err, test.wantWait)
				}
				if got := f.reads.Load(); got != 3 {
					t.Errorf("%d live reads, want those of two Services and a slice", got)
				}
				if test.wantNew {
					f.expectNewTerm(test.want)
				} else {
					f.expect(test.want, 6)
				}
				if got := testutil.ToFloat64(f.metrics.conflicts); got != 1 {
					t.Errorf("%v conflicts are counted", got)
				}
				if diff := cmp.Diff(map[string]float64{"conflict": 1}, f.misses()); diff != "" {
					t.Errorf("unexpected misses of the leader cache (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestABackupThatCameTooLate reads nothing that an event is about to tell, because many Services may be in this state at once.
func TestABackupThatCameTooLate(t *testing.T) {
	for name, test := range map[string]struct {
		delivered bool // before the backup looks again
		wantReads int32
	}{"the event comes": {true, 0}, "the event does not come": {false, 3}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t)
				delay := f.tuning.Load().Commit.BackupDelay.Duration
				f.deleteLeader()
				if _, err := f.reconcile(); err != nil {
					t.Fatal(err)
				}
				<-time.After(delay)
				f.commitByOther("b2", 6, leaderslice.Basis{Pods: "30", Services: "20"})
				f.reads.Store(0)
				result, err := f.reconcile()
				if err != nil || result.RequeueAfter != delay || f.writes.Load() != 1 || f.reads.Load() != 0 {
					t.Fatalf("got %+v, %v, %d writes and %d reads; want one write, and to look again after %s", result, err, f.writes.Load(), f.reads.Load(), delay)
				}
				if test.delivered {
					f.leaders.Observe(gen.ShopWeb, leaderslice.Parse(f.slice()), time.Now())
				}
				<-time.After(delay)
				f.reads.Store(0)
				if _, err := f.reconcile(); err != nil || f.writes.Load() != 1 || f.reads.Load() != test.wantReads {
					t.Errorf("%v, %d writes and %d reads; want no more writes and %d reads", err, f.writes.Load(), f.reads.Load(), test.wantReads)
				}
				f.expect("b2", 6)
				if record, _ := f.leaders.Peek(gen.ShopWeb); record.Leader.Name != "b2" {
					t.Errorf("the leader cache says %+v", record.State)
				}
			})
		})
	}
}

// The event of a commit that came first may arrive before the refusal of the one that came second.
func TestNothingIsReadAfterAConflictThatAnEventHasExplained(t *testing.T) {
	f := newLeaseHolder(t)
	f.commitByOther("b2", 6, leaderslice.Basis{Pods: "30", Services: "20"})
	f.deleteLeader()
	written := leaderslice.Parse(f.slice())
	f.answer = func() error {
		f.leaders.Observe(gen.ShopWeb, written, time.Now())
		return nil
	}
	f.reads.Store(0)
	if _, err := f.reconcile(); err != nil || f.writes.Load() != 1 || f.reads.Load() != 0 {
		t.Errorf("%v, %d writes and %d reads; want one write", err, f.writes.Load(), f.reads.Load())
	}
	f.expect("b2", 6)
}

// TestAReplicaThatHasLostTheLeaseMeanwhile decides again after a conflict as one that does not hold it: as a backup.
func TestAReplicaThatHasLostTheLeaseMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newLeaseHolder(t)
		if _, err := f.reconcile(); err != nil {
			t.Fatal(err)
		}
		f.commitByOther("c3", 6, leaderslice.Basis{Pods: "30", Services: "20"}) // c3 is gone, so that another leader is needed
		f.deleteLeader()
		f.answer = func() error {
			f.leaseHeld.Store(false)
			return nil
		}
		result, err := f.reconcile()
		if err != nil || result.RequeueAfter == 0 || f.writes.Load() != 1 {
			t.Errorf("got %+v, %v and %d writes, want one that conflicts, and a wait", result, err, f.writes.Load())
		}
		f.expect("c3", 6)
	})
}

func TestAReplicaThatIsBehindWaitsForItsInformers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newLeaseHolder(t)
		f.commitByOther("c3", 6, leaderslice.Basis{Pods: "31", Services: "20"})
		f.leaders.Observe(gen.ShopWeb, leaderslice.Parse(f.slice()), time.Now())
		f.reads.Store(0)
		for range 3 { // to this replica, c3 looks as if it were gone
			result, err := f.reconcile()
			if err != nil || result.RequeueAfter != behindDelay || f.writes.Load() != 0 {
				t.Fatalf("got %+v, %v and %d writes", result, err, f.writes.Load())
			}
			<-time.After(result.RequeueAfter)
		}
		if err := store.Fake(f.stores.Pods).Add(gen.ReadyPod("c3", func(pod *corev1.Pod) { pod.ResourceVersion = "31" })); err != nil {
			t.Fatal(err)
		}
		result, err := f.reconcile()
		if err != nil || result.RequeueAfter != 0 || f.writes.Load() != 0 || f.reads.Load() != 0 {
			t.Errorf("got %+v, %v, %d writes and %d reads", result, err, f.writes.Load(), f.reads.Load())
		}
		f.expect("c3", 6)
	})
}

func TestAReplicaThatStaysBehindReadsThePodsLive(t *testing.T) {
	for name, basis := range map[string]leaderslice.Basis{
		"a pod's version that no replica can have seen":     {Pods: "999999", Services: "20"},
		"a Service's version that no replica can have seen": {Pods: "30", Services: "999999"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newLeaseHolder(t)
				f.commitByOther("c3", 6, basis)
				f.leaders.Observe(gen.ShopWeb, leaderslice.Parse(f.slice()), time.Now())
				f.triggers.Record(gen.ShopWeb, time.Now())
				start, reconciliations := time.Now(), 0
				for ; f.writes.Load() == 0; reconciliations++ {
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
				if !f.taken().IsZero() {
					t.Error("the trigger is still pending, as if it had not been committed")
				}
				if reconciliations > 20 {
					t.Errorf("it was reconciled %d times, want at most 20", reconciliations)
				}
				f.expectNewTerm("a1") // the oldest pod that exists
				if got := leaderslice.Parse(f.slice()).Basis; got != (leaderslice.Basis{Pods: listedVersion, Services: "20"}) {
					t.Errorf("got basis %+v, want what was read", got)
				}
				if diff := cmp.Diff(map[string]float64{"behind": 1}, f.misses()); diff != "" {
					t.Errorf("unexpected misses of the leader cache (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// The informer of Services lags behind as well: the Service selects other pods now, and one of them leads.
func TestAReplicaThatStaysBehindReadsThePodsOfTheServiceAsItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newLeaseHolder(t)
		source, leader := &corev1.Service{}, gen.ReadyPod("c3", func(pod *corev1.Pod) { pod.Labels, pod.ResourceVersion = map[string]string{"app": "green"}, "" })
		if err := f.otherClient.Get(t.Context(), gen.ShopWeb, source); err != nil {
			t.Fatal(err)
		}
		source.Spec.Selector = leader.Labels
		if err := errors.Join(f.otherClient.Update(t.Context(), source), f.otherClient.Create(t.Context(), leader)); err != nil {
			t.Fatal(err)
		}
		f.commitByOther("c3", 6, leaderslice.Basis{Pods: "30", Services: "999999"})
		f.leaders.Observe(gen.ShopWeb, leaderslice.Parse(f.slice()), time.Now())
		for start := time.Now(); time.Since(start) < 2*maxBehind; {
			result, err := f.reconcile()
			if err != nil {
				t.Fatal(err)
			}
			<-time.After(max(result.RequeueAfter, time.Second))
		}
		if f.misses()["behind"] == 0 {
			t.Fatal("nothing was read live")
		}
		f.expect("c3", 6)
	})
}

// What a live read lacks is not there. Nobody may believe an informer that has not delivered these deletions.
func TestACommitAfterALiveReadRecordsTheDeletionsThatItMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newLeaseHolder(t)
		if err := f.otherClient.Delete(t.Context(), gen.ReadyPod("a1")); err != nil {
			t.Fatal(err)
		}
		f.leaders.ObservePod(gen.ShopWeb, "30")
		f.commitByOther("c3", 6, leaderslice.Basis{Pods: "34", Services: "20"})
		f.leaders.Observe(gen.ShopWeb, leaderslice.Parse(f.slice()), time.Now())
		for start := time.Now(); f.writes.Load() == 0 && time.Since(start) < time.Minute; {
			result, err := f.reconcile()
			if err != nil {
				t.Fatal(err)
			}
			<-time.After(result.RequeueAfter)
		}
		f.expectNewTerm("b2")
		if got := leaderslice.Parse(f.slice()).Basis.Pods; got != listedVersion {
			t.Errorf("got basis %s, want %s, by which a1 was deleted", got, listedVersion)
		}
	})
}

func TestAfterALeaderIsRecreatedTheServiceIsReadLive(t *testing.T) {
	f := newLeaseHolder(t)
	if _, err := f.reconcile(); err != nil {
		t.Fatal(err)
	}
	if err := store.Fake(f.stores.Pods).Update(gen.ReadyPod("a1", func(pod *corev1.Pod) { pod.UID = "second" })); err != nil {
		t.Fatal(err)
	}
	if _, err := f.reconcile(); err != nil {
		t.Fatal(err)
	}
	if got := f.reads.Load(); got != 3 {
		t.Errorf("%d live reads, want those of two Services and a slice", got)
	}
	f.expectNewTerm("b2") // the new a1 is on the node where the leader was lost
}

func TestFailedWrites(t *testing.T) {
	slices := schema.GroupResource{Group: "discovery.k8s.io", Resource: "endpointslices"}
	busy := apierrors.NewTooManyRequests("slow down", 1)
	refused := apierrors.NewInvalid(schema.GroupKind{}, "web-leader-ipv4", nil)
	terminating := apierrors.NewForbidden(slices, "web-leader-ipv4", errors.New("namespace is being terminated"))
	terminating.ErrStatus.Details.Causes = append(terminating.ErrStatus.Details.Causes, metav1.StatusCause{Type: corev1.NamespaceTerminatingCause})
	cases := map[string]struct {
		errs       []error
		wantErr    error
		wantAgain  time.Duration
		wantWrites int32
		wantLeader string
	}{
		"a busy API server gets a second attempt":         {errs: []error{busy}, wantWrites: 2, wantLeader: "b2"},
		"after two attempts the work queue tries again":   {errs: []error{busy, busy}, wantErr: busy, wantWrites: 2, wantLeader: "a1"},
		"a refused write is tried again later":            {errs: []error{refused}, wantAgain: time.Second, wantWrites: 1, wantLeader: "a1"},
		"a namespace that is being deleted is no failure": {errs: []error{terminating}, wantWrites: 1, wantLeader: "a1"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newLeaseHolder(t)
				f.deleteLeader()
				calls := 0
				f.answer = func() error {
					calls++
					if calls > len(test.errs) {
						return nil
					}
					return test.errs[calls-1]
				}
				start := time.Now()
				result, err := f.reconcile()
				if result.RequeueAfter != test.wantAgain {
					t.Errorf("tried again after %s, want %s", result.RequeueAfter, test.wantAgain)
				}
				if !errors.Is(err, test.wantErr) || (err == nil) != (test.wantErr == nil) {
					t.Errorf("got error %v, want %v", err, test.wantErr)
				}
				if took := time.Since(start); took > 500*time.Millisecond {
					t.Errorf("took %s", took)
				}
				if got := f.writes.Load(); got != test.wantWrites {
					t.Errorf("%d writes, want %d", got, test.wantWrites)
				}
				state := leaderslice.Parse(f.slice()).State
				if diff := cmp.Diff(test.wantLeader, state.Leader.Name); diff != "" {
					t.Errorf("unexpected leader (-want +got):\n%s", diff)
				}
				if trigger := f.taken(); (err != nil || test.wantAgain > 0) == trigger.IsZero() {
					t.Errorf("the trigger is %s after error %v", trigger, err)
				}
			})
		})
	}
}

func TestADeletedSliceIsCreatedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newLeaseHolder(t)
		if err := f.api.Delete(t.Context(), f.slice()); err != nil {
			t.Fatal(err)
		}
		f.deleteLeader()
		result, err := f.reconcile()
		if err != nil {
			t.Fatal(err)
		}
		<-time.After(result.RequeueAfter)
		if _, err := f.reconcile(); err != nil {
			t.Fatal(err)
		}
		f.expectNewTerm("b2")
	})
}

func TestAServiceThatOptsOutIsForgotten(t *testing.T) {
	for name, change := range map[string]func(*fixture) error{
		"its annotation is removed": func(f *fixture) error {
			return store.Fake(f.stores.Services).Update(gen.WebService(func(s *corev1.Service) { s.Annotations = nil }))
		},
		"its namespace's label is removed, and the leader Service after the grace": func(f *fixture) error {
			meta := gen.Namespace("shop")
			meta.Labels = nil
			return errors.Join(f.stores.Namespaces.Update(meta), store.Fake(f.stores.Services).Delete(gen.LeaderOf(gen.WebService())))
		},
		"it is deleted": func(f *fixture) error { return store.Fake(f.stores.Services).Delete(gen.WebService()) },
	} {
		t.Run(name, func(t *testing.T) {
			f := newLeaseHolder(t)
			if _, err := f.reconcile(); err != nil {
				t.Fatal(err)
			}
			if err := change(f); err != nil {
				t.Fatal(err)
			}
			f.deleteLeader()
			if _, err := f.reconcile(); err != nil || f.writes.Load() != 0 {
				t.Errorf("got %d writes, %v", f.writes.Load(), err)
			}
			if _, known := f.leaders.Peek(gen.ShopWeb); known || !f.taken().IsZero() {
				t.Error("something is still remembered")
			}
		})
	}
}
