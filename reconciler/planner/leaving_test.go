package planner

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/test/dummy"
	"github.com/tanist-dev/tanist/test/gen"
)

// admitted returns the input of the holder of the Lease after the deletion of a1 was admitted and b2 was made the leader at once. The
// object of a1 does not show the deletion yet, and a1 would be the better leader.
func admitted(t *testing.T, changes ...func(*Input)) Input {
	t.Helper()
	in := inputOf(dummy.Leading("a1", 5), []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2")}, onAdmission)
	prepared, ok := Prepare(in, dummy.DeletionOf("a1"), gen.T0)
	if !ok || !prepared.AtOnce {
		t.Fatal("nothing is prepared")
	}
	in = carryOut(in, PreparedPlan(in, &prepared, gen.T0))
	in.Options.Sticky = false
	for _, change := range changes {
		change(&in)
	}
	return in
}

func TestTheLeaderDoesNotMoveBackToALeavingPod(t *testing.T) {
	ttl := config.DefaultTuning().Cache.PreparedTTL.Duration
	preferred := func(in *Input) { in.Options.PreferredLeader = "a1" }
	lost := func(in *Input) {
		in.Pods = []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2", gen.Terminating), gen.ReadyPod("c3", func(pod *corev1.Pod) { pod.CreationTimestamp.Time = gen.T0 })}
	}
	alone := func(in *Input) { in.Pods = []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2", gen.Terminating)} }
	cases := map[string]struct {
		change func(*Input)
		after  time.Duration
		want   string
	}{
		"the leaving pod would be the better leader":     {want: "b2"},
		"the leaving pod is preferred":                   {change: preferred, want: "b2"},
		"just before the announcement expires":           {after: ttl - time.Millisecond, want: "b2"},
		"the pod did not leave":                          {after: ttl, want: "a1"},
		"the pod did not leave, and is preferred":        {change: preferred, after: ttl, want: "a1"},
		"the leader is lost and there is a younger pod":  {change: lost, want: "c3"},
		"the leader is lost after the pod did not leave": {change: lost, after: ttl, want: "a1"},
		"the leader is lost and there is no other pod":   {change: alone, want: "a1"},
		"the annotation was changed to name the leader": {change: onSlice(discoveryv1.AddressTypeIPv4, func(slice *discoveryv1.EndpointSlice) {
			slice.Annotations[config.LeavingKey] = "b2-uid@2026-03-01T12:00:10.000Z"
		}), after: time.Second, want: "a1"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			in := admitted(t)
			if test.change != nil {
				test.change(&in)
			}
			now := gen.T0.Add(test.after)
			p := Decide(in, now)
			if got := p.After.Leader.Name; got != test.want {
				t.Errorf("%q leads, want %q", got, test.want)
			}
			again := in.RecheckDoubt(p, now)
			if left := ttl - test.after; left > 0 && (again <= 0 || again > left) {
				t.Errorf("it is decided again after %s, want at most %s: no event tells that the pod did not leave", again, left)
			}
		})
	}
}

func TestAnAnnotationThatNamesTheLeaderDoesNotMoveIt(t *testing.T) {
	in := admitted(t, func(in *Input) { in.Options.Sticky = true })
	onSlice(discoveryv1.AddressTypeIPv4, func(slice *discoveryv1.EndpointSlice) {
		slice.Annotations[config.LeavingKey] = "b2-uid@2026-03-01T12:00:10.000Z"
	})(&in)
	if p := Decide(in, gen.T0.Add(time.Second)); p.Decision.Move {
		t.Errorf("the leader moves: %s", p.Decision.Reason)
	}
}

func TestTheLeavingPodIsRecordedUntilItExpires(t *testing.T) {
	const ipv4 = discoveryv1.AddressTypeIPv4
	want := leaderslice.Leaving{Pod: "a1-uid", Until: gen.T0.Add(config.DefaultTuning().Cache.PreparedTTL.Duration)}
	repair := func(in *Input) {
		onSlice(ipv4, func(slice *discoveryv1.EndpointSlice) { slice.Endpoints = nil })(in)
	}
	move := func(in *Input) {
		in.Pods = []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2", gen.Terminating), gen.ReadyPod("c3")}
	}
	for name, test := range map[string]struct {
		change func(*Input)
		after  time.Duration
		want   leaderslice.Leaving
	}{
		"kept by a repair in the same term":      {change: repair, after: time.Second, want: want},
		"kept in a new term":                     {change: move, after: time.Second, want: want},
		"removed by a repair after it expired":   {change: repair, after: time.Minute},
		"removed in a new term after it expired": {change: move, after: time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			in := admitted(t, func(in *Input) { in.Options.Sticky = true })
			if got := in.Record.Slices["web-leader-ipv4"].Leaving; got != want {
				t.Fatalf("the commit on admission says %+v", got)
			}
			test.change(&in)
			p := Decide(in, gen.T0.Add(test.after))
			if len(p.Writes) != 1 {
				t.Fatalf("%d writes", len(p.Writes))
			}
			if got := carryOut(in, p).Record.Slices["web-leader-ipv4"].Leaving; got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
	in := admitted(t, func(in *Input) { in.Options.PreferredLeader = "b2" })
	if p := Decide(in, gen.T0.Add(time.Minute)); len(p.Writes) > 0 {
		t.Error("a slice is written only to remove a leaving pod that expired")
	}
}
