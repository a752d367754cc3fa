package afterhandover

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/commitrules"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/test/gen"
)

// fixture is a controller whose informers, and whose API, have a Service that asks for an eviction, and a leader that has just moved from a1 to b2.
type fixture struct {
	*Controller
	t     *testing.T
	api   client.Client
	lease bool
	// evictions are the UIDs of the pods that were to be evicted. answers are the API server's, in their order; then it accepts.
	evictions []types.UID
	answers   []error
	// unread is the API server's answer to reads; nil if it answers them.
	unread   error
	recorder *events.FakeRecorder
}

func newFixture(t *testing.T, after string, changes ...func(*discoveryv1.EndpointSlice)) *fixture {
	t.Helper()
	source := gen.Annotated(config.AfterHandoverKey, after)
	leader, a, b := gen.LeaderOf(source), gen.ReadyPod("a1", replaced), gen.ReadyPod("b2", replaced)
	slice := leaderslice.Content{
		Source: source, LeaderService: leader, Pod: b, OldLeader: leaderslice.OldLeader{UID: a.UID, Name: a.Name},
		State: leaderslice.State{
			Leader: leaderslice.Leader{UID: b.UID, Name: b.Name, Node: b.Spec.NodeName, Ready: true}, Term: 6, Since: time.Now(), Reason: "NodeGoing",
		},
	}.RenderPrimary(discoveryv1.AddressTypeIPv4)
	gen.Changed(slice, changes)

	f := &fixture{t: t, lease: true, recorder: events.NewFakeRecorder(10)}
	f.api = interceptor.NewClient(fake.NewClientBuilder().WithObjects(source.DeepCopy(), leader.DeepCopy(), a.DeepCopy(), b.DeepCopy(), slice.DeepCopy()).
		WithIndex(&corev1.Pod{}, "metadata.name", func(object client.Object) []string { return []string{object.GetName()} }).Build(),
		interceptor.Funcs{SubResourceCreate: f.answer, Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, into client.Object, options ...client.GetOption) error {
			if f.unread != nil {
				return f.unread
			}
			return c.Get(ctx, key, into, options...)
		}})
	var err error
	f.Controller, err = New(Options{
		Stores: store.NewFake(gen.Namespace("shop"), source, leader, a, b, slice), Live: f.api, Evictions: f.api.SubResource("eviction"),
		Tuning: config.NewStore(), Clock: &commitrules.Clock{}, Holds: func() bool { return f.lease },
		Registerer: prometheus.NewRegistry(), Recorder: f.recorder,
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// answer is what the API server does with an eviction.
func (f *fixture) answer(_ context.Context, _ client.Client, subresource string, object, body client.Object, _ ...client.SubResourceCreateOption) error {
	eviction, ok := body.(*policyv1.Eviction)
	if !ok || subresource != "eviction" || eviction.Name != object.GetName() || eviction.Namespace != object.GetNamespace() {
		f.t.Errorf("unexpected request %s of %s: %+v", subresource, object.GetName(), body)
		return nil
	}
	f.evictions = append(f.evictions, *eviction.DeleteOptions.Preconditions.UID)
	if len(f.answers) == 0 {
		return nil
	}
	err := f.answers[0]
	f.answers = f.answers[1:]
	return err
}

// run reconciles as the work queue does, until nothing is due any more or the time is over.
func (f *fixture) run(atMost time.Duration) {
	f.t.Helper()
	for end := time.Now().Add(atMost); ; {
		result, err := f.Reconcile(f.t.Context(), reconcile.Request{NamespacedName: gen.ShopWeb})
		if err != nil {
			f.t.Fatal(err)
		}
		if result.RequeueAfter == 0 || time.Now().Add(result.RequeueAfter).After(end) {
			return
		}
		<-time.After(result.RequeueAfter)
	}
}

// ends checks how it ended: the number of evictions, the action and the outcome in the metric, and the Event; empty for none.
func (f *fixture) ends(evictions int, action, outcome, event string) {
	f.t.Helper()
	if len(f.evictions) != evictions {
		f.t.Errorf("%d evictions, want %d", len(f.evictions), evictions)
	}
	for _, uid := range f.evictions {
		if uid != "a1-uid" {
			f.t.Errorf("the pod with the UID %s is to be evicted", uid)
		}
	}
	for _, counted := range []string{"done", "unneeded", "refused", "failed"} {
		if action == "call" && counted == "refused" {
			continue // no budget refuses a call
		}
		want := 0.0
		if counted == outcome {
			want = 1
		}
		if got := testutil.ToFloat64(f.outcomes.WithLabelValues(action, counted)); got != want {
			f.t.Errorf("%v of action %s with outcome %s, want %v", got, action, counted, want)
		}
	}
	var got []string
	for len(f.recorder.Events) > 0 {
		got = append(got, <-f.recorder.Events)
	}
	var want []string
	if event != "" {
		want = []string{event}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		f.t.Errorf("unexpected Events (-want +got):\n%s", diff)
	}
}

func inBubble(t *testing.T, after string, test func(f *fixture)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(newFixture(t, after)) })
}

// told begins every note.
const told = "tanist.dev/after-handover: evict; pod a1 led before b2 (term 6)"

const evictedEvent = "Normal OldLeaderEvicted " + told + ": it was evicted"

// ofBudget is how the API server refuses an eviction that violates a budget.
func ofBudget() error {
	err := apierrors.NewTooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", 0)
	err.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: policyv1.DisruptionBudgetCause}}
	return err
}

func repeated(err error, times int) []error {
	all := make([]error, times)
	for i := range all {
		all[i] = err
	}
	return all
}

func TestAnEviction(t *testing.T) {
	pods := schema.GroupResource{Resource: "pods"}
	cases := map[string]struct {
		answers   []error
		evictions int
		outcome   string
		event     string
		took      time.Duration
	}{
		"it succeeds":        {evictions: 1, outcome: "done", event: evictedEvent, took: time.Second},
		"a budget delays it": {answers: repeated(ofBudget(), 3), evictions: 4, outcome: "done", event: evictedEvent, took: 8 * time.Second},
		"a budget refuses it": {
			answers: repeated(ofBudget(), 100), evictions: 8, outcome: "refused", took: 31 * time.Second,
			event: "Warning AfterHandoverFailed " + told + " and was not evicted, so connections may stay on it: " +
				"Cannot evict pod as it would violate the pod's disruption budget.",
		},
		"the pod is gone": {answers: []error{apierrors.NewNotFound(pods, "a1")}, evictions: 1, outcome: "unneeded", took: time.Second},
		"the pod is gone after an answer was lost": {
			answers: []error{context.DeadlineExceeded, apierrors.NewNotFound(pods, "a1")}, evictions: 2, outcome: "done", took: 2 * time.Second,
			event: "Normal OldLeaderEvicted " + told + ": it was evicted, although no answer said so",
		},
		"the pod is being changed": {
			answers: []error{apierrors.NewConflict(pods, "a1", errors.New("changed"))}, evictions: 2, outcome: "done", event: evictedEvent, took: 2 * time.Second,
		},
		"the API server is overloaded": {
			answers: []error{apierrors.NewTooManyRequests("later", 10), apierrors.NewInternalError(errors.New("etcd"))}, evictions: 3, outcome: "done", event: evictedEvent, took: 4 * time.Second,
		},
		"the right is missing": {
			answers:   []error{apierrors.NewForbidden(pods, "a1", errors.New(`User "x" cannot create resource "pods/eviction"`))},
			evictions: 1, outcome: "failed", took: time.Second,
			event: "Warning AfterHandoverFailed " + told + ` and was not evicted, so connections may stay on it: pods "a1" is forbidden: ` +
				`User "x" cannot create resource "pods/eviction" (the chart's value afterHandover.evictions gives the right)`,
		},
		"several budgets select it": {
			answers:   []error{apierrors.NewInternalError(errors.New("this pod has more than one PodDisruptionBudget, which is not supported"))},
			evictions: 1, outcome: "failed", took: time.Second,
			event: "Warning AfterHandoverFailed " + told + " and was not evicted, so connections may stay on it: Internal error occurred: " +
				"this pod has more than one PodDisruptionBudget, which is not supported",
		},
		"a policy refuses it": {
			answers:   []error{apierrors.NewForbidden(pods, "a1", errors.New("not today"))},
			evictions: 1, outcome: "failed", took: time.Second,
			event: "Warning AfterHandoverFailed " + told + ` and was not evicted, so connections may stay on it: pods "a1" is forbidden: not today`,
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			inBubble(t, "evict", func(f *fixture) {
				f.answers = test.answers
				began := time.Now()
				f.run(time.Minute)
				if took := time.Since(began); took != test.took {
					t.Errorf("it took %s, want %s", took, test.took)
				}
				f.run(time.Minute) // once for each term
				f.ends(test.evictions, "evict", test.outcome, test.event)
			})
		})
	}
}

// TestWhatAnEvictionDependsOnIsReadLive: the informers have seen nothing of what happened meanwhile.
func TestWhatAnEvictionDependsOnIsReadLive(t *testing.T) {
	change := func(f *fixture, object client.Object, change func()) {
		f.t.Helper()
		if err := f.api.Get(f.t.Context(), client.ObjectKeyFromObject(object), object); err != nil {
			f.t.Fatal(err)
		}
		change()
		if err := f.api.Update(f.t.Context(), object); err != nil {
			f.t.Fatal(err)
		}
	}
	cases := map[string]struct {
		happens func(*fixture)
		outcome string
	}{
		"the old leader is gone": {
			happens: func(f *fixture) {
				if err := f.api.Delete(f.t.Context(), gen.ReadyPod("a1")); err != nil {
					f.t.Fatal(err)
				}
			},
			outcome: "unneeded",
		},
		"the old leader is not ready": {
			happens: func(f *fixture) {
				pod := gen.ReadyPod("a1")
				if err := f.api.Get(f.t.Context(), client.ObjectKeyFromObject(pod), pod); err != nil {
					f.t.Fatal(err)
				}
				gen.NotReady(pod)
				if err := f.api.Status().Update(f.t.Context(), pod); err != nil {
					f.t.Fatal(err)
				}
			},
			outcome: "unneeded",
		},
		"the Service no longer selects it": {
			happens: func(f *fixture) {
				pod := gen.ReadyPod("a1")
				change(f, pod, func() { pod.Labels = nil })
			},
			outcome: "unneeded",
		},
		"the leader has moved back": {
			happens: func(f *fixture) {
				slice := gen.SliceOf(gen.LeaderOf(gen.WebService()), discoveryv1.AddressTypeIPv4)
				change(f, slice, func() { slice.Annotations[config.TermKey] = "7" })
			},
		},
		"the slice is gone": {
			happens: func(f *fixture) {
				if err := f.api.Delete(f.t.Context(), gen.SliceOf(gen.LeaderOf(gen.WebService()), discoveryv1.AddressTypeIPv4)); err != nil {
					f.t.Fatal(err)
				}
			},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			inBubble(t, "evict", func(f *fixture) {
				test.happens(f)
				f.run(time.Minute)
				f.ends(0, "evict", test.outcome, "")
			})
		})
	}
}

func TestOnlyTheHolderOfTheLeaseActs(t *testing.T) {
	inBubble(t, "evict", func(f *fixture) {
		f.lease = false
		f.run(10 * time.Second)
		f.ends(0, "evict", "", "")
		f.lease = true
		f.run(10 * time.Second)
		f.ends(1, "evict", "done", evictedEvent)
	})
	inBubble(t, "evict", func(f *fixture) {
		f.lease = false
		f.run(time.Hour)
		f.lease = true
		f.run(time.Hour)
		f.ends(0, "evict", "", "")
	})
}

// TestANewLeaderThatIsNeverReadyIsReported: the old leader may be needed, so nothing is done, and an Event says why.
func TestANewLeaderThatIsNeverReadyIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, "evict", func(slice *discoveryv1.EndpointSlice) { slice.Endpoints[0].Conditions.Ready = new(false) })
		f.run(time.Hour)
		f.ends(0, "evict", "failed", "Warning AfterHandoverFailed "+told+" and was not evicted, so connections may stay on it: the new leader was not ready")
	})
}

// TestAnOldLeaderThatCannotBeReadIsReported: the work queue tries again after each error, until the time is over.
func TestAnOldLeaderThatCannotBeReadIsReported(t *testing.T) {
	inBubble(t, "evict", func(f *fixture) {
		f.unread = apierrors.NewForbidden(schema.GroupResource{Resource: "endpointslices"}, "web-leader-ipv4", nil)
		for end := time.Now().Add(2 * tryFor); time.Now().Before(end); {
			result, err := f.Reconcile(f.t.Context(), reconcile.Request{NamespacedName: gen.ShopWeb})
			if err == nil && result.RequeueAfter == 0 {
				break
			}
			<-time.After(max(result.RequeueAfter, time.Second))
		}
		if n := len(f.evictions); n != 0 {
			f.t.Errorf("%d evictions", n)
		}
		select {
		case event := <-f.recorder.Events:
			if !strings.Contains(event, "could not be read") {
				f.t.Errorf("unexpected Event: %s", event)
			}
		default:
			f.t.Error("no Event says that nothing could be tried")
		}
	})
}

// TestAServiceThatIsGoneIsForgotten: so is one whose leader has moved on.
func TestAServiceThatIsGoneIsForgotten(t *testing.T) {
	inBubble(t, "evict", func(f *fixture) {
		f.run(time.Minute)
		if len(f.memory.known) != 1 {
			t.Errorf("%d Services are known, want 1", len(f.memory.known))
		}
		if err := store.Fake(f.stores.Services).Delete(gen.WebService()); err != nil {
			t.Fatal(err)
		}
		f.run(time.Minute)
		if len(f.memory.known) != 0 {
			t.Errorf("%d Services are known, want none", len(f.memory.known))
		}
	})
}

func TestTheMetricIsWellFormed(t *testing.T) {
	o, err := newOutcomes(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	if n := testutil.CollectAndCount(o); n != 7 { // a call has no budget that could refuse it
		t.Errorf("%d series, want 7", n)
	}
	if problems, err := testutil.CollectAndLint(o); err != nil || len(problems) > 0 {
		t.Errorf("lint: %v %v", problems, err)
	}
}

func TestNotesFitIntoAnEvent(t *testing.T) {
	long := strings.Repeat("x", 253)
	in := inputOf(func(in *input) {
		in.options = config.AfterHandover{Path: "/" + long}
		in.old.Name, in.state.Leader.Name = long, long
	})
	if size := len(note(in, "OldLeaderCalled", "")); size > 900 {
		t.Errorf("a note has %d bytes", size)
	}
}

// TestWhatAnAttemptWasAnsweredIsTold: near the end the new leader may not be ready for a moment, which says less.
func TestWhatAnAttemptWasAnsweredIsTold(t *testing.T) {
	c := &Controller{}
	in := input{}
	c.noteProblem(gen.ShopWeb, in, notServing)
	if got := c.memory.attemptsOf(gen.ShopWeb, 0).problem; got != notServing {
		t.Errorf("got %q before any attempt, want %q", got, notServing)
	}
	in.tried = in.tried.failed(resultRefused, "the budget refuses it", gen.T0)
	c.memory.set(gen.ShopWeb, in.tried)
	c.noteProblem(gen.ShopWeb, in, notServing)
	if got := c.memory.attemptsOf(gen.ShopWeb, 0).problem; got != "the budget refuses it" {
		t.Errorf("got %q after an attempt, want its answer", got)
	}
}
