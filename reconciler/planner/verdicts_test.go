package planner

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/reconciler/commitrules"
	"github.com/tanist-dev/tanist/test/dummy"
	"github.com/tanist-dev/tanist/test/gen"
)

// marked returns losses with a mark for each pod, set at a time before gen.T0, the longest ago first.
func marked(ago time.Duration, pods ...string) leaderslice.Losses {
	var losses leaderslice.Losses
	for _, pod := range pods {
		losses = losses.With(leaderslice.Mark{Pod: gen.ReadyPod(pod).UID, At: gen.T0.Add(-ago)})
	}
	return losses
}

// observedBy returns the input of the Lease holder when a1 leads, b2 and c3 can follow, and the slice has these losses.
func observedBy(b *dummy.Observer, losses leaderslice.Losses, changes ...func(*Input)) Input {
	in := inputOf(dummy.Leading("a1", 5), []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2"), gen.ReadyPod("c3")}, changes...)
	if b != nil {
		in.Observer = b
	}
	if len(losses.Marks) > 0 {
		in.Record.Slices["web-leader-ipv4"] = withLosses(in.Record.Slices["web-leader-ipv4"], losses)
	}
	return in
}

func withLosses(slice leaderslice.Slice, losses leaderslice.Losses) leaderslice.Slice {
	written := slice.Object.DeepCopy()
	content := leaderslice.Content{Source: gen.WebService(), LeaderService: gen.LeaderOf(gen.WebService()), Losses: losses}
	for key, value := range content.RenderPrimary(discoveryv1.AddressTypeIPv4).Annotations {
		if _, found := written.Annotations[key]; !found {
			written.Annotations[key] = value
		}
	}
	return leaderslice.Parse(written)
}

func TestAVerdictMovesTheLeader(t *testing.T) {
	type outcome struct {
		Leader, Reason string
		// Lost are the pods with marks once the plan is written, and Count how many moves by verdict are counted.
		Lost  []string
		Count int
	}
	stays := outcome{Leader: "a1", Reason: "LeaderDeleted"}
	preferring := func(pod string) func(*Input) { return func(in *Input) { in.Options.PreferredLeader = pod } }
	withAuthority := func(a commitrules.Authority) func(*Input) { return func(in *Input) { in.Authority = a } }
	crashed := func(heard ...string) *dummy.Observer { return dummy.Convicts(observe.LeaderCrashed, "a1", heard...) }
	for name, test := range map[string]struct {
		observer *dummy.Observer
		losses   leaderslice.Losses
		change   func(*Input)
		want     outcome
	}{
		"nobody observes":                     {want: stays},
		"no pod is lost":                      {observer: dummy.Hears("b2", "c3"), want: stays},
		"another pod is lost":                 {observer: dummy.Convicts(observe.LeaderFrozen, "b2", "c3"), want: stays},
		"the leader crashed, and b2 is heard": {observer: crashed("b2", "c3"), want: outcome{"b2", "LeaderCrashed", []string{"a1-uid"}, 1}},
		"only another pod is heard":           {observer: crashed("c3"), want: outcome{"c3", "LeaderCrashed", []string{"a1-uid"}, 1}},
		"no pod is heard":                     {observer: crashed(), want: stays},
		"its node is lost, and this replica may replace lost leaders only": {
			observer: dummy.Convicts(observe.NodeLost, "a1", "b2"), change: withAuthority(commitrules.AuthorityLosses), want: outcome{"b2", "NodeLost", []string{"a1-uid"}, 1},
		},
		"the pod that was heard was lost a minute ago": {
			observer: crashed("b2"), losses: marked(time.Minute, "b2"), want: outcome{"a1", "LeaderDeleted", []string{"b2-uid"}, 1},
		},
		"another pod than the one that was lost a minute ago is heard": {
			observer: crashed("b2", "c3"), losses: marked(time.Minute, "b2"), want: outcome{"c3", "LeaderCrashed", []string{"b2-uid", "a1-uid"}, 2},
		},
		"the pod that was heard was lost two minutes ago": {
			observer: crashed("b2"), losses: marked(leaderslice.MarkFor, "b2"), want: outcome{"b2", "LeaderCrashed", []string{"a1-uid"}, 1},
		},
		"three other pods were lost": {
			observer: crashed("b2"), losses: marked(time.Minute, "x", "y", "z"), want: outcome{"b2", "LeaderCrashed", []string{"y-uid", "z-uid", "a1-uid"}, 4},
		},
		"the preferred pod is lost": {
			observer: dummy.Convicts(observe.LeaderFrozen, "b2", "c3"), change: preferring("b2"), want: stays,
		},
		"the preferred pod has a mark": {losses: marked(time.Minute, "b2"), change: preferring("b2"), want: outcome{"a1", "LeaderDeleted", []string{"b2-uid"}, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			in := observedBy(test.observer, test.losses)
			if test.change != nil {
				test.change(&in)
			}
			p := Decide(in, gen.T0)
			written := carryOut(in, p).Record.Slices["web-leader-ipv4"]
			got := outcome{Leader: written.State.Leader.Name, Reason: written.State.Reason}
			for _, mark := range written.Losses.Current(gen.T0).Marks {
				got.Lost, got.Count = append(got.Lost, string(mark.Pod)), written.Losses.Count
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("unexpected outcome (-want +got):\n%s", diff)
			}
			if moved := got.Leader != "a1"; moved != (written.State.Term == newTerm) {
				t.Errorf("the leader moved: %t, but its term is %d", moved, written.State.Term)
			}
		})
	}
}

func TestReplicasBesideOlderOnesActOnNoVerdict(t *testing.T) {
	in := observedBy(dummy.Convicts(observe.NodeLost, "a1", "b2"), leaderslice.Losses{})
	in.Authority = commitrules.AuthorityUndisputed
	if p := Decide(in, gen.T0); len(p.Writes) > 0 {
		t.Errorf("%d slices are written for a loss that older replicas do not know", len(p.Writes))
	}
}

func TestMovesByVerdictAreSpacedOut(t *testing.T) {
	second := time.Second
	for name, test := range map[string]struct {
		losses    leaderslice.Losses
		wantMoves bool
		wantAfter time.Duration // after how long it is decided again, if the leader stays
	}{
		"the first":                              {wantMoves: true},
		"the second, too early":                  {losses: marked(4*second, "x"), wantAfter: 6 * second},
		"the second, ten seconds later":          {losses: marked(10*second, "x"), wantMoves: true},
		"the third, too early":                   {losses: marked(19*second, "x", "y"), wantAfter: second},
		"the third, twenty seconds later":        {losses: marked(20*second, "x", "y"), wantMoves: true},
		"the fourth, too early":                  {losses: marked(30*second, "x", "y", "z"), wantAfter: 10 * second},
		"the tenth, too early":                   {losses: leaderslice.Losses{Count: 9, Marks: marked(50*second, "x").Marks}, wantAfter: 10 * second},
		"the tenth, a minute later":              {losses: leaderslice.Losses{Count: 9, Marks: marked(60*second, "x").Marks}, wantMoves: true},
		"after a mark whose time is made up":     {losses: marked(-time.Hour, "x"), wantMoves: true},
		"after marks that do not count any more": {losses: leaderslice.Losses{Count: 9, Marks: marked(leaderslice.MarkFor, "x").Marks}, wantMoves: true},
	} {
		t.Run(name, func(t *testing.T) {
			in := observedBy(dummy.Convicts(observe.NodeLost, "a1", "b2"), test.losses)
			p := Decide(in, gen.T0)
			if p.Decision.Move != test.wantMoves {
				t.Errorf("the leader moves: %t, want %t", p.Decision.Move, test.wantMoves)
			}
			if got := in.RecheckDoubt(p, gen.T0); !test.wantMoves && got != test.wantAfter {
				t.Errorf("it is decided again after %s, want %s", got, test.wantAfter)
			}
		})
	}
}

func TestAVerdictThatIsHeldBackDoesNotDelayAnotherLoss(t *testing.T) {
	in := observedBy(dummy.Convicts(observe.NodeLost, "a1", "b2"), marked(time.Second, "x"))
	in.Pods[0] = gen.ReadyPod("a1", gen.Terminating)
	if p := Decide(in, gen.T0); p.After.Leader.Name != "b2" || p.After.Reason != "LeaderDeleted" {
		t.Errorf("%s leads because of %s, want b2 because the leader is deleted", p.After.Leader.Name, p.After.Reason)
	}
}
