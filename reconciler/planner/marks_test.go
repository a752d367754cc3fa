package planner

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/test/dummy"
	"github.com/tanist-dev/tanist/test/gen"
)

// afterVerdict returns the input of the Lease holder when b2 leads, because a1 was lost at gen.T0. If a1 had no mark, it would take over: the
// Service is not sticky.
func afterVerdict(b *dummy.Observer, changes ...func(*Input)) Input {
	older := func(pod *corev1.Pod) { pod.CreationTimestamp.Time = gen.T0.Add(-24 * time.Hour) }
	in := inputOf(dummy.Leading("b2", 6), []*corev1.Pod{gen.ReadyPod("a1", older), gen.ReadyPod("b2")}, changes...)
	in.Options.Sticky = false
	in.Record.Slices["web-leader-ipv4"] = withLosses(in.Record.Slices["web-leader-ipv4"], marked(0, "a1"))
	if b != nil {
		in.Observer = b
	}
	return in
}

func TestTheLeaderDoesNotMoveBackToAPodWithAMark(t *testing.T) {
	heardFor := func(d time.Duration) *dummy.Observer {
		return &dummy.Observer{HeardPodsFor: map[types.UID]time.Duration{"a1-uid": d}}
	}
	for name, test := range map[string]struct {
		observer  *dummy.Observer
		after     time.Duration
		want      string
		wantAgain time.Duration // after how long it is decided again
	}{
		"at once, although it is heard":        {observer: heardFor(time.Hour), want: "b2", wantAgain: 10 * time.Second},
		"just before ten seconds":              {observer: heardFor(time.Hour), after: 9 * time.Second, want: "b2", wantAgain: recheckMarks},
		"after ten seconds":                    {observer: heardFor(heardAgainFor), after: 10 * time.Second, want: "a1", wantAgain: 110 * time.Second},
		"after ten seconds, heard too briefly": {observer: heardFor(heardAgainFor - 1), after: 10 * time.Second, want: "b2", wantAgain: recheckMarks},
		"just before two minutes, not heard":   {observer: heardFor(0), after: 119 * time.Second, want: "b2", wantAgain: time.Second},
		"after two minutes, not heard":         {observer: heardFor(0), after: 120 * time.Second, want: "a1"},
		"after ten seconds, without observer":  {after: 10 * time.Second, want: "b2", wantAgain: 110 * time.Second},
		"after two minutes, without observer":  {after: 120 * time.Second, want: "a1"},
	} {
		t.Run(name, func(t *testing.T) {
			in, now := afterVerdict(test.observer), gen.T0.Add(test.after)
			p := Decide(in, now)
			if got := p.After.Leader.Name; got != test.want {
				t.Errorf("%q leads, want %q", got, test.want)
			}
			if got := in.RecheckDoubt(p, now); got != test.wantAgain {
				t.Errorf("it is decided again after %s, want %s", got, test.wantAgain)
			}
		})
	}
}

func TestAPodWithAMarkLeadsIfNoOtherPodCan(t *testing.T) {
	in := afterVerdict(dummy.Hears("a1"))
	in.Pods[1] = gen.ReadyPod("b2", gen.Terminating)
	if p := Decide(in, gen.T0); p.After.Leader.Name != "a1" || p.After.Reason != "LeaderDeleted" {
		t.Errorf("%q leads because of %s, want a1, the only pod that is left", p.After.Leader.Name, p.After.Reason)
	}
}

func TestMarksAreRecordedAsLongAsTheyCount(t *testing.T) {
	repair := func(in *Input) {
		onSlice(discoveryv1.AddressTypeIPv4, func(slice *discoveryv1.EndpointSlice) { slice.Endpoints = nil })(in)
	}
	move := func(in *Input) {
		in.Pods = append(in.Pods, gen.ReadyPod("c3"))
		in.Pods[1] = gen.ReadyPod("b2", gen.Terminating)
	}
	for name, test := range map[string]struct {
		change func(*Input)
		after  time.Duration
		want   leaderslice.Losses
	}{
		"kept by a repair in the same term":     {change: repair, after: leaderslice.MarkFor - 1, want: marked(0, "a1")},
		"kept in a new term":                    {change: move, after: leaderslice.MarkFor - 1, want: marked(0, "a1")},
		"removed by a repair after two minutes": {change: repair, after: leaderslice.MarkFor},
		"removed in a new term":                 {change: move, after: leaderslice.MarkFor},
	} {
		t.Run(name, func(t *testing.T) {
			in := afterVerdict(nil)
			in.Options.Sticky = true
			test.change(&in)
			p := Decide(in, gen.T0.Add(test.after))
			if len(p.Writes) != 1 {
				t.Fatalf("%d slices are written, want one", len(p.Writes))
			}
			if diff := cmp.Diff(test.want, carryOut(in, p).Record.Slices["web-leader-ipv4"].Losses); diff != "" {
				t.Errorf("unexpected losses (-want +got):\n%s", diff)
			}
		})
	}
	in := afterVerdict(nil)
	in.Options.Sticky = true
	for _, after := range []time.Duration{0, 10 * time.Second, leaderslice.MarkFor, time.Hour} {
		if p := Decide(in, gen.T0.Add(after)); len(p.Writes) > 0 {
			t.Errorf("a slice is written %s after the mark, although only the mark has changed", after)
		}
	}
}

func TestOnlyThePrimarySliceHasMarks(t *testing.T) {
	in := dual(dummy.Leading("a1", 5), gen.ReadyPod("a1"), gen.ReadyPod("b2"))
	in.Observer = dummy.Convicts("NodeLost", "a1", "b2")
	in = carryOut(in, Decide(in, gen.T0))
	if got := len(in.Record.Slices["web-leader-ipv4"].Losses.Marks); got != 1 {
		t.Errorf("the primary slice has %d marks, want one", got)
	}
	if got := len(in.Record.Slices["web-leader-ipv6"].Losses.Marks); got != 0 {
		t.Errorf("the slice of the other family has %d marks, want none", got)
	}
}
