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

	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestAHandOverOnAHitIsOneWriteAndNoRead(t *testing.T) {
	st := elected(t)
	st.lose()
	result, err := st.reconcile()
	if err != nil || result.RequeueAfter != 0 {
		t.Fatalf("got %+v, %v", result, err)
	}
	if st.reads.Load() != 0 || st.writes.Load() != 1 {
		t.Errorf("%d reads and %d writes, want none and one", st.reads.Load(), st.writes.Load())
	}
	st.expectNew("b2")
	if got := testutil.ToFloat64(st.metrics.handovers.WithLabelValues("LeaderDeleted", "unprepared")); got != 1 {
		t.Errorf("%v hand-overs are counted", got)
	}
	record, _ := st.leaders.Peek(gen.ShopWeb)
	if record.Leader.Name != "b2" || record.Term <= 5 || record.Highest != record.Term {
		t.Errorf("the leader cache says %+v", record.State)
	}
	if _, err := st.reconcile(); err != nil || st.writes.Load() != 1 {
		t.Errorf("another look costs %d writes (%v)", st.writes.Load()-1, err)
	}
}

func TestAnotherReplicaWaitsAndCommitsWhenNobodyHas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStage(t)
		st.lose()
		result, err := st.reconcile()
		if err != nil || result.RequeueAfter != 50*time.Millisecond || st.writes.Load() != 0 {
			t.Fatalf("got %+v, %v and %d writes", result, err, st.writes.Load())
		}
		<-time.After(result.RequeueAfter)
		if result, err = st.reconcile(); err != nil || result.RequeueAfter != 0 {
			t.Fatalf("got %+v, %v", result, err)
		}
		st.expectNew("b2")
		if got := testutil.ToFloat64(st.metrics.handovers.WithLabelValues("LeaderDeleted", "backup")); got != 1 {
			t.Errorf("%v hand-overs are counted", got)
		}
	})
}

func TestAnotherReplicaLeavesWhatWasCommittedAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStage(t)
		st.lose()
		if _, err := st.reconcile(); err != nil {
			t.Fatal(err)
		}
		st.commitElsewhere("b2", 6, leaderslice.Basis{Pods: "30", Services: "20"})
		st.leaders.Observe(gen.ShopWeb, leaderslice.Parse(st.slice()), time.Now())
		<-time.After(time.Second)
		result, err := st.reconcile()
		if err != nil || result.RequeueAfter != 0 || st.writes.Load() != 0 {
			t.Errorf("got %+v, %v and %d writes", result, err, st.writes.Load())
		}
	})
}

func TestAConflictIsReadLiveAndDecidedAgain(t *testing.T) {
	cases := map[string]struct {
		elsewhere string
		basis     leaderslice.Basis
		want      string // the leader after this replica has decided again
		wantNew   bool
		wantWait  time.Duration
	}{
		"another replica made the same decision": {
			elsewhere: "b2", basis: leaderslice.Basis{Pods: "30", Services: "20"}, want: "b2",
		},
		"another replica, which has seen a pod that this one has not, made another one": {
			elsewhere: "c3", basis: leaderslice.Basis{Pods: "31", Services: "20"}, want: "c3", wantWait: behindDelay,
		},
		"another replica, which has seen a Service that this one has not, made another one": {
			elsewhere: "c3", basis: leaderslice.Basis{Pods: "30", Services: "21"}, want: "c3", wantWait: behindDelay,
		},
		"another replica, which has seen no more, chose a pod that has gone": {
			elsewhere: "c3", basis: leaderslice.Basis{Pods: "30", Services: "20"}, want: "b2", wantNew: true,
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := elected(t)
				if _, err := st.reconcile(); err != nil {
					t.Fatal(err)
				}
				st.commitElsewhere(test.elsewhere, 6, test.basis)
				st.lose()
				st.reads.Store(0)
				result, err := st.reconcile()
				if err != nil || result.RequeueAfter != test.wantWait {
					t.Errorf("got %+v, %v, want a wait of %s", result, err, test.wantWait)
				}
				if got := st.reads.Load(); got != 3 {
					t.Errorf("%d live reads, want those of two Services and a slice", got)
				}
				if test.wantNew {
					st.expectNew(test.want)
				} else {
					st.expect(test.want, 6)
				}
				if got := testutil.ToFloat64(st.metrics.conflicts); got != 1 {
					t.Errorf("%v conflicts are counted", got)
				}
				if diff := cmp.Diff(map[string]float64{"conflict": 1}, st.misses()); diff != "" {
					t.Errorf("unexpected misses of the leader cache (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestAReplicaThatIsBehindWaitsForItsInformers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := elected(t)
		st.commitElsewhere("c3", 6, leaderslice.Basis{Pods: "31", Services: "20"})
		st.leaders.Observe(gen.ShopWeb, leaderslice.Parse(st.slice()), time.Now())
		st.reads.Store(0)
		for range 3 { // c3 seems to be gone
			result, err := st.reconcile()
			if err != nil || result.RequeueAfter != behindDelay || st.writes.Load() != 0 {
				t.Fatalf("got %+v, %v and %d writes", result, err, st.writes.Load())
			}
			<-time.After(result.RequeueAfter)
		}
		if err := st.stores.Pods.Add(gen.ReadyPod("c3", func(pod *corev1.Pod) { pod.ResourceVersion = "31" })); err != nil {
			t.Fatal(err)
		}
		result, err := st.reconcile()
		if err != nil || result.RequeueAfter != 0 || st.writes.Load() != 0 || st.reads.Load() != 0 {
			t.Errorf("got %+v, %v, %d writes and %d reads", result, err, st.writes.Load(), st.reads.Load())
		}
		st.expect("c3", 6)
	})
}

func TestAReplicaThatStaysBehindReadsThePodsLive(t *testing.T) {
	for name, basis := range map[string]leaderslice.Basis{
		"a pod's version that nobody can see":     {Pods: "999999", Services: "20"},
		"a Service's version that nobody can see": {Pods: "30", Services: "999999"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := elected(t)
				st.commitElsewhere("c3", 6, basis)
				st.leaders.Observe(gen.ShopWeb, leaderslice.Parse(st.slice()), time.Now())
				start, looks := time.Now(), 0
				for ; st.writes.Load() == 0; looks++ {
					result, err := st.reconcile()
					if err != nil {
						t.Fatal(err)
					}
					<-time.After(result.RequeueAfter)
					if time.Since(start) > time.Minute {
						t.Fatal("it waits for ever")
					}
				}
				if took := time.Since(start); took < longestBehind || took > longestBehind+50*time.Millisecond {
					t.Errorf("it waited for %s, want %s", took, longestBehind)
				}
				if looks > 20 {
					t.Errorf("it looked %d times, want at most 20", looks)
				}
				st.expectNew("a1") // the oldest of those that are there
				if got := leaderslice.Parse(st.slice()).Basis; got != (leaderslice.Basis{Pods: listedVersion, Services: "20"}) {
					t.Errorf("got basis %+v, want what was read", got)
				}
				if diff := cmp.Diff(map[string]float64{"behind": 1}, st.misses()); diff != "" {
					t.Errorf("unexpected misses of the leader cache (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestALeaderReCreatedUnderItsNameIsReadLive(t *testing.T) {
	st := elected(t)
	if _, err := st.reconcile(); err != nil {
		t.Fatal(err)
	}
	if err := st.stores.Pods.Update(gen.ReadyPod("a1", func(pod *corev1.Pod) { pod.UID = "second" })); err != nil {
		t.Fatal(err)
	}
	if _, err := st.reconcile(); err != nil {
		t.Fatal(err)
	}
	if got := st.reads.Load(); got != 3 {
		t.Errorf("%d live reads, want those of two Services and a slice", got)
	}
	st.expectNew("b2") // the other one is where the leader was lost
}

func TestFailures(t *testing.T) {
	slices := schema.GroupResource{Group: "discovery.k8s.io", Resource: "endpointslices"}
	busy := apierrors.NewTooManyRequests("slow down", 1)
	refused := apierrors.NewInvalid(schema.GroupKind{}, "web-leader-ipv4", nil)
	going := apierrors.NewForbidden(slices, "web-leader-ipv4", errors.New("namespace is being terminated"))
	going.ErrStatus.Details.Causes = append(going.ErrStatus.Details.Causes, metav1.StatusCause{Type: corev1.NamespaceTerminatingCause})
	cases := map[string]struct {
		errs       []error
		wantErr    error
		wantAgain  time.Duration
		wantWrites int32
		wantLeader string
	}{
		"a busy API server is asked twice":                  {errs: []error{busy}, wantWrites: 2, wantLeader: "b2"},
		"then the work queue takes over":                    {errs: []error{busy, busy}, wantErr: busy, wantWrites: 2, wantLeader: "a1"},
		"a refusal is told, and tried again later":          {errs: []error{refused}, wantAgain: time.Second, wantWrites: 1, wantLeader: "a1"},
		"a namespace that is being deleted ends it quietly": {errs: []error{going}, wantWrites: 1, wantLeader: "a1"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := elected(t)
				st.lose()
				calls := 0
				st.answer = func() error {
					calls++
					if calls > len(test.errs) {
						return nil
					}
					return test.errs[calls-1]
				}
				start := time.Now()
				result, err := st.reconcile()
				if result.RequeueAfter != test.wantAgain {
					t.Errorf("tried again after %s, want %s", result.RequeueAfter, test.wantAgain)
				}
				if !errors.Is(err, test.wantErr) || (err == nil) != (test.wantErr == nil) {
					t.Errorf("got error %v, want %v", err, test.wantErr)
				}
				if took := time.Since(start); took > 500*time.Millisecond {
					t.Errorf("took %s", took)
				}
				if got := st.writes.Load(); got != test.wantWrites {
					t.Errorf("%d writes, want %d", got, test.wantWrites)
				}
				state := leaderslice.Parse(st.slice()).State
				if diff := cmp.Diff(test.wantLeader, state.Leader.Name); diff != "" {
					t.Errorf("unexpected leader (-want +got):\n%s", diff)
				}
				if trigger := st.triggers.take(gen.ShopWeb); (err != nil || test.wantAgain > 0) == trigger.IsZero() {
					t.Errorf("the trigger is %s after error %v", trigger, err)
				}
			})
		})
	}
}

func TestASliceThatIsMissedIsMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := elected(t)
		if err := st.api.Delete(t.Context(), st.slice()); err != nil {
			t.Fatal(err)
		}
		st.lose()
		result, err := st.reconcile()
		if err != nil {
			t.Fatal(err)
		}
		<-time.After(result.RequeueAfter)
		if _, err := st.reconcile(); err != nil {
			t.Fatal(err)
		}
		st.expectNew("b2")
	})
}

func TestAServiceThatOptsOutIsForgotten(t *testing.T) {
	for name, change := range map[string]func(*stage) error{
		"its annotation is removed": func(st *stage) error {
			return st.stores.Services.Update(gen.WebService(func(s *corev1.Service) { s.Annotations = nil }))
		},
		"its namespace's label is removed, and the leader Service after the grace": func(st *stage) error {
			meta := gen.Namespace("shop")
			meta.Labels = nil
			return errors.Join(st.stores.Namespaces.Update(meta), st.stores.Services.Delete(gen.LeaderOf(gen.WebService())))
		},
		"it is deleted": func(st *stage) error { return st.stores.Services.Delete(gen.WebService()) },
	} {
		t.Run(name, func(t *testing.T) {
			st := elected(t)
			if _, err := st.reconcile(); err != nil {
				t.Fatal(err)
			}
			if err := change(st); err != nil {
				t.Fatal(err)
			}
			st.lose()
			if _, err := st.reconcile(); err != nil || st.writes.Load() != 0 {
				t.Errorf("got %d writes, %v", st.writes.Load(), err)
			}
			if _, known := st.leaders.Peek(gen.ShopWeb); known || len(st.triggers.at) != 0 {
				t.Error("something is remembered")
			}
		})
	}
}

func TestATakenNameDoesNotPutOffWhatIsDueSooner(t *testing.T) {
	for name, test := range map[string]struct {
		plan plan
		want time.Duration
	}{
		"nothing":               {},
		"a grace":               {plan: plan{decision: election.Decision{LookAgain: time.Second}}, want: time.Second},
		"a name":                {plan: plan{taken: []string{"web-leader-ipv6"}}, want: takenRecheck},
		"a name and a grace":    {plan: plan{taken: []string{"web-leader-ipv6"}, decision: election.Decision{LookAgain: time.Second}}, want: time.Second},
		"a name before a doubt": {plan: plan{taken: []string{"web-leader-ipv6"}, decision: election.Decision{LookAgain: time.Hour}}, want: takenRecheck},
	} {
		if got := requeueAfter(test.plan); got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
}
