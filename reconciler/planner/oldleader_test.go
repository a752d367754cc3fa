package planner

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/test/dummy"
	"github.com/tanist-dev/tanist/test/gen"
)

// evicting asks for an eviction after each hand-over.
func evicting(in *Input) { in.Options.AfterHandover.Evict = true }

// preferringB is a voluntary move of a leader that is well.
func preferringB(in *Input) { in.Options.PreferredLeader = "b2" }

// oldLeaderIn returns the old leader that the primary slice of an input names.
func oldLeaderIn(in Input) leaderslice.OldLeader {
	return in.Record.Slices["web-leader-ipv4"].OldLeader
}

func TestWhichMovesRecordTheOldLeader(t *testing.T) {
	a, b := gen.ReadyPod("a1"), gen.ReadyPod("b2")
	recorded := leaderslice.OldLeader{UID: "a1-uid", Name: "a1"}
	cases := map[string]struct {
		pods    []*corev1.Pod
		changes []func(*Input)
		want    leaderslice.OldLeader
	}{
		"another pod is preferred":       {pods: []*corev1.Pod{a, b}, changes: []func(*Input){evicting, preferringB}, want: recorded},
		"a path is to be called":         {pods: []*corev1.Pod{a, b}, changes: []func(*Input){func(in *Input) { in.Options.AfterHandover.Path = "/a" }, preferringB}, want: recorded},
		"the application elects another": {pods: []*corev1.Pod{a, b}, changes: []func(*Input){evicting, held("b2_x", "50")}, want: recorded},
		"nothing is asked for":           {pods: []*corev1.Pod{a, b}, changes: []func(*Input){preferringB}},
		"the leader does not move":       {pods: []*corev1.Pod{a, b}, changes: []func(*Input){evicting}},
		"the leader is deleted":          {pods: []*corev1.Pod{gen.ReadyPod("a1", gen.Terminating), b}, changes: []func(*Input){evicting}},
		"the leader is gone":             {pods: []*corev1.Pod{b}, changes: []func(*Input){evicting}},
		"the leader is not ready":        {pods: []*corev1.Pod{gen.ReadyPod("a1", gen.NotReady), b}, changes: []func(*Input){evicting}},
		"the leader is being evicted":    {pods: []*corev1.Pod{gen.ReadyPod("a1", gen.DisruptionTarget), b}, changes: []func(*Input){evicting}},
		"the leader is lost and another": {pods: []*corev1.Pod{gen.ReadyPod("a1", gen.NotReady), b}, changes: []func(*Input){evicting, preferringB}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			in := inputOf(dummy.Leading("a1", 5), test.pods, test.changes...)
			after := carryOut(in, Decide(in, gen.T0))
			if got := oldLeaderIn(after); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
			if _, found := after.Record.Slices["web-leader-ipv4"].Object.Annotations[config.OldLeaderKey]; found != (test.want != leaderslice.OldLeader{}) {
				t.Errorf("the slice has the annotation: %t", found)
			}
			if p := Decide(after, gen.T0); len(p.Writes) > 0 {
				t.Errorf("the slice would be written again: %+v", p.After)
			}
		})
	}
}

// TestTheOldLeaderIsRecordedAsLongAsItsTerm: repairs keep it, and the next move drops it, whatever its reason.
func TestTheOldLeaderIsRecordedAsLongAsItsTerm(t *testing.T) {
	in := inputOf(dummy.Leading("a1", 5), []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2")}, evicting, preferringB)
	in = carryOut(in, Decide(in, gen.T0))
	recorded := oldLeaderIn(in)
	if recorded.Name != "a1" {
		t.Fatalf("got %+v", recorded)
	}

	damaged := in
	onSlice(discoveryv1.AddressTypeIPv4, func(s *discoveryv1.EndpointSlice) { s.Endpoints = nil })(&damaged)
	repaired := carryOut(damaged, Decide(damaged, gen.T0))
	if got := oldLeaderIn(repaired); got != recorded || len(repaired.Record.Slices["web-leader-ipv4"].Object.Endpoints) != 1 {
		t.Errorf("after a repair: got %+v", got)
	}

	unwanted := in
	unwanted.Options.AfterHandover = config.AfterHandover{}
	if p := Decide(unwanted, gen.T0); len(p.Writes) > 0 {
		t.Error("the slice is written only because nothing is asked for any more")
	}

	lost := in
	lost.Pods = []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2", gen.Terminating)}
	lost = carryOut(lost, Decide(lost, gen.T0))
	if got := oldLeaderIn(lost); got != (leaderslice.OldLeader{}) {
		t.Errorf("after a loss: got %+v", got)
	}

	// A term that cannot have been given is replaced. What was recorded with it is about another term then.
	onSlice(discoveryv1.AddressTypeIPv4, func(s *discoveryv1.EndpointSlice) { s.Annotations[config.TermKey] = "9223372036854775807" })(&in)
	in = carryOut(in, Decide(in, gen.T0))
	if got := oldLeaderIn(in); got != (leaderslice.OldLeader{}) {
		t.Errorf("with another term: got %+v", got)
	}
}

// TestAPreparedHandoverRecordsNoOldLeader: it is for a pod that is being deleted.
func TestAPreparedHandoverRecordsNoOldLeader(t *testing.T) {
	in := inputOf(dummy.Leading("a1", 5), []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2")}, evicting)
	for _, eviction := range []bool{false, true} {
		prepared, ok := Prepare(in, cache.Departure{Namespace: "shop", Name: "a1", UID: "a1-uid", Eviction: eviction}, gen.T0)
		if !ok {
			t.Fatal("nothing is prepared")
		}
		if _, found := prepared.Writes[0].Desired.Annotations[config.OldLeaderKey]; found {
			t.Errorf("eviction %t: an old leader is recorded", eviction)
		}
	}
}
