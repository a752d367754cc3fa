package reconciler

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
)

// stage is a succession controller in front of a fake API, with its informers synced: a leads with term 5, b could follow.
type stage struct {
	*succession
	t   *testing.T
	api client.WithWatch
	// elsewhere is the same API as another replica sees it: what it asks is not counted.
	elsewhere client.WithWatch
	reads     atomic.Int32
	writes    atomic.Int32
	answer    func() error // what the API answers to an update, before it does as asked; nil for success
	elect     chan struct{}
}

func newStage(t *testing.T) *stage {
	t.Helper()
	source := webService()
	leader := leaderOf(source)
	a, b := readyPod("a1"), readyPod("b2")
	slice := sliceContent{source: source, leaderService: leader, state: leading("a1", 5), pod: a}.slice(discoveryv1.AddressTypeIPv4)
	slice.UID = "slice"

	st := &stage{t: t, elect: make(chan struct{})}
	st.elsewhere = fake.NewClientBuilder().WithObjects(source.DeepCopy(), leader.DeepCopy(), slice).Build()
	st.api = interceptor.NewClient(st.elsewhere, interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
			st.reads.Add(1)
			return c.Get(ctx, key, obj, opts...)
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

	store, quiet := config.NewStore(), &calm{}
	m, err := newMetrics(prometheus.NewRegistry(), store)
	if err != nil {
		t.Fatal(err)
	}
	st.succession = &succession{
		views: viewsOf(t, namespaced("shop"), source, leader, a, b), live: st.api, client: st.api,
		leaders: cache.New(), options: newOptionsInForce(), tuning: store, elected: st.elect,
		recorder: events.NewFakeRecorder(100), metrics: m, events: newEventSender(st.api, quiet),
		causes: newCauses(), complaints: newComplaints(),
		gate: newGate(func() int { return store.Load().Commit.Concurrency }), bell: &bell{}, calm: quiet,
	}
	st.leaders.Observe(shopWeb, parseSlice(st.slice()), time.Now())
	st.reads.Store(0)
	return st
}

// elected is a stage whose replica holds the Lease.
func elected(t *testing.T) *stage {
	t.Helper()
	st := newStage(t)
	close(st.elect)
	return st
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
	return st.Reconcile(st.t.Context(), reconcile.Request{NamespacedName: shopWeb})
}

// lose begins the leader's deletion.
func (st *stage) lose() {
	st.t.Helper()
	if err := st.views.pods.Update(readyPod("a1", terminating)); err != nil {
		st.t.Fatal(err)
	}
	st.causes.note(shopWeb, time.Now())
}

func (st *stage) expect(leader string, term int64) {
	st.t.Helper()
	state, _ := parseState(st.slice())
	if state.Leader.Name != leader || state.Term != term {
		st.t.Errorf("%q leads with term %d, want %q with %d", state.Leader.Name, state.Term, leader, term)
	}
}

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
	st.expect("b2", 6)
	if got := testutil.ToFloat64(st.metrics.handovers.WithLabelValues("LeaderDeleted", "unprepared")); got != 1 {
		t.Errorf("%v hand-overs are counted", got)
	}
	record, _ := st.leaders.Peek(shopWeb)
	if record.Leader.Name != "b2" || record.Term != 6 {
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
		st.expect("b2", 6)
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
		st.commitElsewhere("b2", 6)
		st.leaders.Observe(shopWeb, parseSlice(st.slice()), time.Now())
		<-time.After(time.Second)
		result, err := st.reconcile()
		if err != nil || result.RequeueAfter != 0 || st.writes.Load() != 0 {
			t.Errorf("got %+v, %v and %d writes", result, err, st.writes.Load())
		}
	})
}

// commitElsewhere is another replica's commit, which our informer has not delivered.
func (st *stage) commitElsewhere(pod string, term int64) {
	st.t.Helper()
	content := sliceContent{source: webService(), leaderService: leaderOf(webService()), state: leading(pod, term), pod: readyPod(pod)}
	desired := content.slice(discoveryv1.AddressTypeIPv4)
	desired.UID, desired.ResourceVersion = "slice", st.slice().ResourceVersion
	if err := st.elsewhere.Update(st.t.Context(), desired); err != nil {
		st.t.Fatal(err)
	}
}

func TestAConflictIsReadLiveAndDecidedAgain(t *testing.T) {
	cases := map[string]struct {
		elsewhere string
		wantWait  time.Duration
		want      string
		wantTerm  int64
	}{
		"another replica made the same decision": {elsewhere: "b2", want: "b2", wantTerm: 6},
		"another replica, which may know more, made another one": {
			elsewhere: "c3", wantWait: 50 * time.Millisecond, want: "c3", wantTerm: 6,
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := elected(t)
				if _, err := st.reconcile(); err != nil {
					t.Fatal(err)
				}
				st.commitElsewhere(test.elsewhere, 6)
				st.lose()
				st.reads.Store(0)
				result, err := st.reconcile()
				if err != nil || result.RequeueAfter != test.wantWait {
					t.Errorf("got %+v, %v, want a wait of %s", result, err, test.wantWait)
				}
				if got := st.reads.Load(); got != 3 {
					t.Errorf("%d live reads, want those of two Services and a slice", got)
				}
				st.expect(test.want, test.wantTerm)
				if got := testutil.ToFloat64(st.metrics.conflicts); got != 1 {
					t.Errorf("%v conflicts are counted", got)
				}
				if test.wantWait == 0 {
					return
				}
				<-time.After(result.RequeueAfter)
				if _, err := st.reconcile(); err != nil {
					t.Fatal(err)
				}
				st.expect("b2", 7)
			})
		})
	}
}

func TestALeaderReCreatedUnderItsNameIsReadLive(t *testing.T) {
	st := elected(t)
	if _, err := st.reconcile(); err != nil {
		t.Fatal(err)
	}
	if err := st.views.pods.Update(readyPod("a1", func(pod *corev1.Pod) { pod.UID = "second" })); err != nil {
		t.Fatal(err)
	}
	if _, err := st.reconcile(); err != nil {
		t.Fatal(err)
	}
	if got := st.reads.Load(); got != 3 {
		t.Errorf("%d live reads, want those of two Services and a slice", got)
	}
	st.expect("b2", 6) // the other one is where the leader was lost
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
		wantWrites int32
		wantLeader string
	}{
		"a busy API server is asked twice":                  {errs: []error{busy}, wantWrites: 2, wantLeader: "b2"},
		"then the work queue takes over":                    {errs: []error{busy, busy}, wantErr: busy, wantWrites: 2, wantLeader: "a1"},
		"a refusal is for the work queue at once":           {errs: []error{refused}, wantErr: refused, wantWrites: 1, wantLeader: "a1"},
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
				_, err := st.reconcile()
				if !errors.Is(err, test.wantErr) || (err == nil) != (test.wantErr == nil) {
					t.Errorf("got error %v, want %v", err, test.wantErr)
				}
				if took := time.Since(start); took > 500*time.Millisecond {
					t.Errorf("took %s", took)
				}
				if got := st.writes.Load(); got != test.wantWrites {
					t.Errorf("%d writes, want %d", got, test.wantWrites)
				}
				state, _ := parseState(st.slice())
				if diff := cmp.Diff(test.wantLeader, state.Leader.Name); diff != "" {
					t.Errorf("unexpected leader (-want +got):\n%s", diff)
				}
				if cause := st.causes.take(shopWeb); (err != nil) == cause.IsZero() {
					t.Errorf("the cause is %s after error %v", cause, err)
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
		st.expect("b2", 6)
	})
}

func TestAServiceThatOptsOutIsForgotten(t *testing.T) {
	for name, change := range map[string]func(*stage) error{
		"its annotation is removed": func(st *stage) error {
			return st.views.services.Update(webService(func(s *corev1.Service) { s.Annotations = nil }))
		},
		"its namespace's label is removed": func(st *stage) error {
			meta := namespaced("shop")
			meta.Labels = nil
			return st.views.namespaces.Update(meta)
		},
		"it is deleted": func(st *stage) error { return st.views.services.Delete(webService()) },
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
			if _, known := st.leaders.Peek(shopWeb); known || len(st.options.lastGood) != 0 || len(st.causes.at) != 0 {
				t.Error("something is remembered")
			}
		})
	}
}
