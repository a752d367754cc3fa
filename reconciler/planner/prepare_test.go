package planner

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/test/dummy"
	"github.com/tanist-dev/tanist/test/gen"
)

func onAdmission(in *Input)         { in.Tuning.Commit.OnAdmission = true }
func paused(in *Input)              { in.Options.Paused = true }
func ignoringDisruptions(in *Input) { in.Tuning.Election.HandoverOnDisruptionTarget = false }
func departingPod(uid types.UID) func(*Input) {
	return func(in *Input) { in.IsDeparting = func(pod types.UID) bool { return pod == uid } }
}

func TestPrepareDecidesAsIfTheLeaderHadLeft(t *testing.T) {
	a, b, c := gen.ReadyPod("a1"), gen.ReadyPod("b2"), gen.ReadyPod("c3")
	type preparation struct {
		Successor string
		Reason    election.Reason
		Announced bool
		AtOnce    bool
	}
	cases := map[string]struct {
		pods      []*corev1.Pod
		departure cache.Departure
		change    []func(*Input)
		want      preparation // zero when no pod can follow
	}{
		"a deletion": {
			pods: []*corev1.Pod{a, b, c}, departure: dummy.DeletionOf("a1"),
			want: preparation{Successor: "b2", Reason: election.ReasonLeaderDeleted},
		},
		"an eviction announces itself": {
			pods: []*corev1.Pod{a, b, c}, departure: dummy.EvictionOf("a1"),
			want: preparation{Successor: "b2", Reason: election.ReasonLeaderDisrupted, Announced: true},
		},
		"an eviction after one that came to nothing": {
			pods: []*corev1.Pod{gen.ReadyPod("a1", func(pod *corev1.Pod) {
				pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: corev1.DisruptionTarget, Status: corev1.ConditionFalse})
			}), b, c},
			departure: dummy.EvictionOf("a1"),
			want:      preparation{Successor: "b2", Reason: election.ReasonLeaderDisrupted, Announced: true},
		},
		"an eviction when the tuning ignores its announcement": {
			pods: []*corev1.Pod{a, b}, departure: dummy.EvictionOf("a1"), change: []func(*Input){ignoringDisruptions},
			want: preparation{Successor: "b2", Reason: election.ReasonLeaderDeleted},
		},
		"an eviction, which the Service does not hand over on": {
			pods: []*corev1.Pod{a, b}, departure: dummy.EvictionOf("a1"), change: []func(*Input){func(in *Input) { in.Options.HandoverOn = []string{} }},
			want: preparation{Successor: "b2", Reason: election.ReasonLeaderDeleted},
		},
		"an eviction while the Service is paused is a loss when it happens": {
			pods: []*corev1.Pod{a, b}, departure: dummy.EvictionOf("a1"), change: []func(*Input){paused},
			want: preparation{Successor: "b2", Reason: election.ReasonLeaderDeleted},
		},
		"a deletion while the Service is paused is not committed before it has happened": {
			pods: []*corev1.Pod{a, b}, departure: dummy.DeletionOf("a1"), change: []func(*Input){paused, onAdmission},
			want: preparation{Successor: "b2", Reason: election.ReasonLeaderDeleted},
		},
		"an eviction when all other pods will be evicted, too": {
			pods: []*corev1.Pod{a, gen.ReadyPod("b2", gen.DisruptionTarget)}, departure: dummy.EvictionOf("a1"),
			want: preparation{Successor: "b2", Reason: election.ReasonLeaderDeleted},
		},
		"another pod's departure was admitted before": {
			pods: []*corev1.Pod{a, b, c}, departure: dummy.DeletionOf("a1"), change: []func(*Input){departingPod("b2-uid")},
			want: preparation{Successor: "c3", Reason: election.ReasonLeaderDeleted},
		},
		"every pod's departure was admitted": {
			pods: []*corev1.Pod{a, b}, departure: dummy.DeletionOf("a1"), change: []func(*Input){departingPod("b2-uid")},
			want: preparation{Successor: "b2", Reason: election.ReasonLeaderDeleted},
		},
		"the next pod goes as well, and another one has just become ready": {
			pods: []*corev1.Pod{a, b, gen.ReadyPod("c3", func(pod *corev1.Pod) {
				pod.Status.Conditions[0].LastTransitionTime = metav1.NewTime(gen.T0.Add(-time.Second))
			})},
			departure: dummy.DeletionOf("a1"), change: []func(*Input){departingPod("b2-uid"), func(in *Input) { in.Options.MinReady = 10 * time.Second }},
			want: preparation{Successor: "c3", Reason: election.ReasonLeaderDeleted},
		},
		"a deletion that is committed on admission": {
			pods: []*corev1.Pod{a, b}, departure: dummy.DeletionOf("a1"), change: []func(*Input){onAdmission},
			want: preparation{Successor: "b2", Reason: election.ReasonLeaderDeleted, AtOnce: true},
		},
		"an eviction is never committed on admission": {
			pods: []*corev1.Pod{a, b}, departure: dummy.EvictionOf("a1"), change: []func(*Input){onAdmission},
			want: preparation{Successor: "b2", Reason: election.ReasonLeaderDisrupted, Announced: true},
		},
		"an eviction that nobody vouches for announces nothing": {
			pods: []*corev1.Pod{a, b}, departure: dummy.Unauthenticated(dummy.EvictionOf("a1")),
			want: preparation{Successor: "b2", Reason: election.ReasonLeaderDeleted},
		},
		"a deletion that nobody vouches for is not committed on admission": {
			pods: []*corev1.Pod{a, b}, departure: dummy.Unauthenticated(dummy.DeletionOf("a1")), change: []func(*Input){onAdmission},
			want: preparation{Successor: "b2", Reason: election.ReasonLeaderDeleted},
		},
		"no other pod is ready":          {pods: []*corev1.Pod{a, gen.ReadyPod("b2", gen.NotReady)}, departure: dummy.DeletionOf("a1")},
		"all other pods are terminating": {pods: []*corev1.Pod{a, gen.ReadyPod("b2", gen.Terminating)}, departure: dummy.DeletionOf("a1")},
		"there is no other pod":          {pods: []*corev1.Pod{a}, departure: dummy.EvictionOf("a1")},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			in := inputOf(dummy.Leading("a1", 5), test.pods, test.change...)
			prepared, ok := Prepare(in, test.departure, gen.T0)
			if ok != (test.want != preparation{}) {
				t.Fatalf("prepared: %v", ok)
			}
			if !ok {
				return
			}
			got := preparation{prepared.After.Leader.Name, election.Reason(prepared.After.Reason), prepared.Announced, prepared.AtOnce}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("unexpected preparation (-want +got):\n%s", diff)
			}
			if prepared.Before.Term != 5 || prepared.After.Term != newTerm || len(prepared.Writes) != 1 {
				t.Errorf("got %+v", prepared)
			}
			if a.DeletionTimestamp != nil || len(a.Status.Conditions) != 1 {
				t.Error("the informer's pod was changed")
			}
		})
	}
}

func TestPreparedOutcome(t *testing.T) {
	leaves := func(in *Input) { in.Pods[0] = gen.ReadyPod("a1", gen.Terminating) }
	cases := map[string]struct {
		departure cache.Departure
		change    func(*Input)
		later     time.Duration
		want      cache.Outcome
	}{
		"the leader is being deleted": {departure: dummy.DeletionOf("a1"), change: leaves, want: cache.OutcomeUsed},
		"the leader is gone":          {departure: dummy.DeletionOf("a1"), change: func(in *Input) { in.Pods = in.Pods[1:] }, want: cache.OutcomeUsed},
		"the leader stays":            {departure: dummy.DeletionOf("a1"), change: func(*Input) {}},
		"an eviction is announced, and a deletion was admitted":  {departure: dummy.DeletionOf("a1"), change: func(in *Input) { in.Pods[0] = gen.ReadyPod("a1", gen.DisruptionTarget) }},
		"an eviction is announced, and an eviction was admitted": {departure: dummy.EvictionOf("a1"), change: func(in *Input) { in.Pods[0] = gen.ReadyPod("a1", gen.DisruptionTarget) }, want: cache.OutcomeUsed},
		"the eviction was refused":                               {departure: dummy.EvictionOf("a1"), change: func(*Input) {}, later: 15 * time.Second, want: cache.OutcomeExpired},
		"the deletion comes after the preparation has expired":   {departure: dummy.DeletionOf("a1"), change: leaves, later: time.Minute, want: cache.OutcomeExpired},
		"the successor has changed": {departure: dummy.DeletionOf("a1"), change: func(in *Input) {
			leaves(in)
			in.Pods[1] = gen.ReadyPod("b2", func(p *corev1.Pod) { p.ResourceVersion = "31" })
		}, want: cache.OutcomeStale},
		"the successor is gone":                  {departure: dummy.DeletionOf("a1"), change: func(in *Input) { leaves(in); in.Pods = in.Pods[:1] }, want: cache.OutcomeStale},
		"someone else has moved the leader":      {departure: dummy.DeletionOf("a1"), change: func(in *Input) { leaves(in); in.Record = recordOf(*in, dummy.Leading("b2", 6)) }, want: cache.OutcomeSuperseded},
		"someone else has changed the slice":     {departure: dummy.DeletionOf("a1"), change: func(in *Input) { leaves(in); bump(in) }, want: cache.OutcomeStale},
		"a pod that stays has changed meanwhile": {departure: dummy.DeletionOf("a1"), change: func(in *Input) { leaves(in); in.Pods[2] = gen.ReadyPod("c3", gen.NotReady) }, want: cache.OutcomeUsed},
	}
	departing := func(names ...types.UID) func(*Input) {
		return func(in *Input) {
			leaves(in)
			in.IsDeparting = func(pod types.UID) bool { return slices.Contains(names, pod) }
		}
	}
	notReady := func(in *Input) { in.Pods[0] = gen.ReadyPod("a1", gen.NotReady) }
	maps.Copy(cases, map[string]struct {
		departure cache.Departure
		change    func(*Input)
		later     time.Duration
		want      cache.Outcome
	}{
		"admission has seen the successor's own deletion since": {
			departure: dummy.DeletionOf("a1"), change: departing("b2-uid"), want: cache.OutcomeStale,
		},
		"admission has seen another pod's deletion since": {
			departure: dummy.DeletionOf("a1"), change: departing("a1-uid", "c3-uid"), want: cache.OutcomeUsed,
		},
		"nobody vouched for the deletion, and the leader is being deleted": {
			departure: dummy.Unauthenticated(dummy.DeletionOf("a1")), change: leaves, want: cache.OutcomeUsed,
		},
		"nobody vouched for the deletion, and the leader is gone, which is another reason": {
			departure: dummy.Unauthenticated(dummy.DeletionOf("a1")), change: func(in *Input) { in.Pods = in.Pods[1:] }, want: cache.OutcomeStale,
		},
		"nobody vouched for the deletion, and another pod is preferred since": {
			departure: dummy.Unauthenticated(dummy.DeletionOf("a1")),
			change:    func(in *Input) { leaves(in); in.Options.PreferredLeader = "c3" }, want: cache.OutcomeStale,
		},
		"nobody vouched for the deletion, and the leader is not ready": {departure: dummy.Unauthenticated(dummy.DeletionOf("a1")), change: notReady},
		"nobody vouched for the eviction, and it is announced": {
			departure: dummy.Unauthenticated(dummy.EvictionOf("a1")),
			change:    func(in *Input) { in.Pods[0] = gen.ReadyPod("a1", gen.DisruptionTarget) },
		},
	})
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			in := inputOf(dummy.Leading("a1", 5), []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2"), gen.ReadyPod("c3")})
			prepared, ok := Prepare(in, test.departure, gen.T0)
			if !ok {
				t.Fatal("nothing is prepared")
			}
			prepared.Expires = gen.T0.Add(15 * time.Second)
			test.change(&in)
			if got := PreparedOutcome(in, &prepared, gen.T0.Add(test.later), gen.T0.Add(test.later)); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestASuccessorThatWasLeavingBefore is chosen only if nobody better can follow, so that it leads until it has left.
func TestASuccessorThatWasLeavingBefore(t *testing.T) {
	in := inputOf(dummy.Leading("a1", 5), []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2")})
	in.IsDeparting = func(types.UID) bool { return true }
	prepared, ok := Prepare(in, dummy.DeletionOf("a1"), gen.T0)
	if !ok {
		t.Fatal("nothing is prepared")
	}
	prepared.Expires = gen.T0.Add(15 * time.Second)
	in.Pods[0] = gen.ReadyPod("a1", gen.Terminating)
	if got := PreparedOutcome(in, &prepared, gen.T0, gen.T0); got != cache.OutcomeUsed {
		t.Errorf("got %q, want %q", got, cache.OutcomeUsed)
	}
}

// bump changes the resourceVersion of the slice.
func bump(in *Input) {
	known := in.Record.Slices["web-leader-ipv4"]
	known.ResourceVersion = "41"
	in.Record.Slices["web-leader-ipv4"] = known
}
