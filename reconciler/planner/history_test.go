package planner

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/reconciler/trim"
	"github.com/tanist-dev/tanist/test/dummy"
	"github.com/tanist-dev/tanist/test/gen"
)

// historyIn returns the moves that the primary slice of an input has.
func historyIn(t *testing.T, in Input) []leaderslice.Move {
	t.Helper()
	moves, ok := leaderslice.ParseHistory(in.Record.Slices["web-leader-ipv4"].Object.Annotations)
	if !ok {
		t.Error("the history cannot be parsed")
	}
	return moves
}

// preferring makes the source Service prefer b2, as a field manager wrote it.
func preferring(t *testing.T, in *Input) {
	t.Helper()
	in.Options.PreferredLeader = "b2"
	in.Source = in.Source.DeepCopy()
	in.Source.Annotations[config.PreferredLeaderKey] = "b2"
	in.Source.ManagedFields = []metav1.ManagedFieldsEntry{{
		Manager: "tanist-plugin", FieldsV1: metav1.NewFieldsV1(`{"f:metadata":{"f:annotations":{"f:tanist.dev/preferred-leader":{}}}}`),
	}}
	if err := trim.Object(in.Source); err != nil {
		t.Fatal(err)
	}
}

func TestTheMoveInTheHistory(t *testing.T) {
	triggered := func(in *Input) { in.Trigger = gen.T0.Add(-2300 * time.Microsecond) }
	for name, test := range map[string]struct {
		pods   []*corev1.Pod
		change func(*Input)
		want   leaderslice.Move
	}{
		"a deletion": {
			pods: []*corev1.Pod{gen.ReadyPod("a1", gen.Terminating), gen.ReadyPod("b2")}, change: triggered,
			want: leaderslice.Move{From: "a1", To: "b2", Reason: "LeaderDeleted", Took: "2.3ms"},
		},
		"a leader that is gone": {
			pods: []*corev1.Pod{gen.ReadyPod("b2")}, change: triggered,
			want: leaderslice.Move{From: "a1", To: "b2", Reason: "LeaderGone", Took: "2.3ms"},
		},
		"no event says when the leader was lost": {
			pods: []*corev1.Pod{gen.ReadyPod("b2")}, change: func(*Input) {},
			want: leaderslice.Move{From: "a1", To: "b2", Reason: "LeaderGone"},
		},
		"an event of the future, as a clock that was set back has it": {
			pods: []*corev1.Pod{gen.ReadyPod("b2")}, change: func(in *Input) { in.Trigger = gen.T0.Add(time.Hour) },
			want: leaderslice.Move{From: "a1", To: "b2", Reason: "LeaderGone", Took: "0s"},
		},
		"nobody can follow": {
			change: triggered, want: leaderslice.Move{From: "a1", Reason: "NoCandidate", Took: "2.3ms"},
		},
		"a preferred leader": {
			pods:   []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2")},
			change: func(in *Input) { triggered(in); preferring(t, in) },
			want:   leaderslice.Move{From: "a1", To: "b2", Reason: "Preferred", By: "tanist-plugin", Took: "2.3ms"},
		},
		"a deletion while another pod is preferred": {
			pods:   []*corev1.Pod{gen.ReadyPod("a1", gen.Terminating), gen.ReadyPod("b2")},
			change: func(in *Input) { triggered(in); preferring(t, in) },
			want:   leaderslice.Move{From: "a1", To: "b2", Reason: "LeaderDeleted", Took: "2.3ms"},
		},
		"a verdict says nothing about when the leader was lost": {
			pods: []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2")},
			change: func(in *Input) {
				triggered(in)
				in.Observer = dummy.Convicts(observe.NodeLost, "a1", "b2")
			},
			want: leaderslice.Move{From: "a1", To: "b2", Reason: "NodeLost"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := inputOf(dummy.Leading("a1", 5), test.pods)
			test.change(&in)
			p := Decide(in, gen.T0)
			in.RecordMove(p, gen.T0)
			test.want.At, test.want.Term = gen.T0, newTerm
			if diff := cmp.Diff([]leaderslice.Move{test.want}, historyIn(t, carryOut(in, p))); diff != "" {
				t.Errorf("unexpected history (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheUserWhoAskedForAPreparedHandoverIsInTheHistory(t *testing.T) {
	for name, test := range map[string]struct {
		departure cache.Departure
		want      string
	}{
		"a deletion":                         {departure: dummy.DeletionOf("a1"), want: "alice"},
		"an eviction":                        {departure: dummy.EvictionOf("a1"), want: "alice"},
		"a deletion that nobody vouches for": {departure: dummy.Unauthenticated(dummy.DeletionOf("a1"))},
	} {
		t.Run(name, func(t *testing.T) {
			in := inputOf(dummy.Leading("a1", 5), []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2")})
			test.departure.User = "alice"
			prepared, ok := Prepare(in, test.departure, gen.T0)
			if !ok {
				t.Fatal("nothing is prepared")
			}
			in.Pods = []*corev1.Pod{gen.ReadyPod("a1", gen.Terminating), gen.ReadyPod("b2")}
			event := gen.T0.Add(500 * time.Millisecond)
			in.Trigger = event
			p := PreparedPlan(in, &prepared, event)
			in.RecordMove(p, event.Add(time.Millisecond))
			want := []leaderslice.Move{{
				At: event, From: "a1", To: "b2", Term: prepared.After.Term, Reason: prepared.After.Reason, By: test.want, Took: "1ms",
			}}
			if diff := cmp.Diff(want, historyIn(t, carryOut(in, p))); diff != "" {
				t.Errorf("unexpected history (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatKeepsTheHistory(t *testing.T) {
	const ipv4, ipv6 = discoveryv1.AddressTypeIPv4, discoveryv1.AddressTypeIPv6
	earlier := leaderslice.Move{At: gen.T0.Add(-time.Hour), From: "z9", To: "a1", Term: 5, Reason: "LeaderDeleted"}
	damage := onSlice(ipv4, func(slice *discoveryv1.EndpointSlice) { slice.Annotations[config.HistoryKey] = "damaged" })
	for name, test := range map[string]struct {
		change     func(*Input)
		wantWrites bool
		want       []string // the reasons
	}{
		"nothing to do":             {change: func(*Input) {}, want: []string{"LeaderDeleted"}},
		"a damaged history":         {change: damage},
		"a removed history":         {change: onSlice(ipv4, func(slice *discoveryv1.EndpointSlice) { delete(slice.Annotations, config.HistoryKey) })},
		"a repair":                  {change: onSlice(ipv4, func(slice *discoveryv1.EndpointSlice) { slice.Endpoints = nil }), wantWrites: true, want: []string{"LeaderDeleted"}},
		"a term that is replaced":   {change: termed(ipv4, "many"), wantWrites: true, want: []string{"LeaderDeleted"}},
		"a move":                    {change: func(in *Input) { in.Pods = in.Pods[1:] }, wantWrites: true, want: []string{"LeaderDeleted", "LeaderGone"}},
		"a move after damage":       {change: func(in *Input) { damage(in); in.Pods = in.Pods[1:] }, wantWrites: true, want: []string{"LeaderGone"}},
		"a slice that is made anew": {change: withoutSlice(ipv4), wantWrites: true, want: []string{"FirstLeader"}},
	} {
		t.Run(name, func(t *testing.T) {
			in := dual(dummy.Leading("a1", 5), gen.ReadyPod("a1"), gen.ReadyPod("b2"))
			onSlice(ipv4, func(slice *discoveryv1.EndpointSlice) { leaderslice.RecordMove(slice, nil, earlier) })(&in)
			test.change(&in)
			p := Decide(in, gen.T0)
			if got := len(p.Writes) > 0; got != test.wantWrites {
				t.Fatalf("something is written: %t, want %t", got, test.wantWrites)
			}
			in.RecordMove(p, gen.T0)
			in = carryOut(in, p)
			moves, _ := leaderslice.ParseHistory(in.Record.Slices["web-leader-ipv4"].Object.Annotations)
			var got []string
			for _, move := range moves {
				got = append(got, move.Reason)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("unexpected history (-want +got):\n%s", diff)
			}
			if _, found := in.Record.Slices[leaderslice.Name("web-leader", ipv6)].Object.Annotations[config.HistoryKey]; found {
				t.Error("the slice of the other family has a history")
			}
			if again := Decide(in, gen.T0); len(again.Writes) > 0 {
				t.Errorf("%d more writes", len(again.Writes))
			}
		})
	}
}
