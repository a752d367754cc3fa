package failover

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/test/gen"
)

// admitted is what the holder of the Lease looks at after the deletion of a1 was admitted and the leader was moved to b2 at once. a1
// does not say yet that it goes. By the Service's wishes it would lead.
func admitted(t *testing.T, changes ...func(*input)) input {
	t.Helper()
	s := inputOf(leading("a1", 5), []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2")}, onAdmission)
	prepared, ok := prepare(s, deletionOf("a1"), gen.T0)
	if !ok || !prepared.AtOnce {
		t.Fatal("nothing is prepared")
	}
	s = carryOut(s, stamped(s, &prepared, gen.T0))
	s.options.Sticky = false
	for _, change := range changes {
		change(&s)
	}
	return s
}

func TestNobodyMovesBackToALeavingPod(t *testing.T) {
	ttl := config.DefaultTuning().Cache.PreparedTTL.Duration
	preferred := func(s *input) { s.options.PreferredLeader = "a1" }
	lost := func(s *input) {
		s.pods = []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2", gen.Terminating), gen.ReadyPod("c3", func(pod *corev1.Pod) { pod.CreationTimestamp.Time = gen.T0 })}
	}
	alone := func(s *input) { s.pods = []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2", gen.Terminating)} }
	cases := map[string]struct {
		change func(*input)
		after  time.Duration
		want   string
	}{
		"it would be the better leader":                  {want: "b2"},
		"it is preferred":                                {change: preferred, want: "b2"},
		"it would be the better leader until it expires": {after: ttl - time.Millisecond, want: "b2"},
		"it did not leave":                               {after: ttl, want: "a1"},
		"it did not leave, and is preferred":             {change: preferred, after: ttl, want: "a1"},
		"the leader is lost and a younger pod is there":  {change: lost, want: "c3"},
		"the leader is lost after it did not leave":      {change: lost, after: ttl, want: "a1"},
		"the leader is lost and nobody else is there":    {change: alone, want: "a1"},
		"it was made up, for a pod that leads": {change: onSlice(discoveryv1.AddressTypeIPv4, func(slice *discoveryv1.EndpointSlice) {
			slice.Annotations[config.LeavingKey] = "b2-uid@2026-03-01T12:00:10.000Z"
		}), after: time.Second, want: "a1"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			s := admitted(t)
			if test.change != nil {
				test.change(&s)
			}
			if got := decide(s, gen.T0.Add(test.after)).after.Leader.Name; got != test.want {
				t.Errorf("%q leads, want %q", got, test.want)
			}
		})
	}
}

func TestALeaderMovesForAnotherReasonThanItsOwnAnnouncement(t *testing.T) {
	s := admitted(t, func(s *input) { s.options.Sticky = true })
	onSlice(discoveryv1.AddressTypeIPv4, func(slice *discoveryv1.EndpointSlice) {
		slice.Annotations[config.LeavingKey] = "b2-uid@2026-03-01T12:00:10.000Z"
	})(&s)
	if p := decide(s, gen.T0.Add(time.Second)); p.decision.Move {
		t.Errorf("a leader is moved by an annotation: %s", p.decision.Reason)
	}
}

func TestTheLeavingPodIsKeptAsLongAsItCounts(t *testing.T) {
	const ipv4 = discoveryv1.AddressTypeIPv4
	want := leaderslice.Leaving{Pod: "a1-uid", Until: gen.T0.Add(config.DefaultTuning().Cache.PreparedTTL.Duration)}
	repair := func(s *input) {
		onSlice(ipv4, func(slice *discoveryv1.EndpointSlice) { slice.Endpoints = nil })(s)
	}
	move := func(s *input) {
		s.pods = []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2", gen.Terminating), gen.ReadyPod("c3")}
	}
	for name, test := range map[string]struct {
		change func(*input)
		after  time.Duration
		want   leaderslice.Leaving
	}{
		"over a repair in the same term":  {change: repair, after: time.Second, want: want},
		"over a new term":                 {change: move, after: time.Second, want: want},
		"not over a repair when it is up": {change: repair, after: time.Minute},
		"not over a new term when it is":  {change: move, after: time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			s := admitted(t, func(s *input) { s.options.Sticky = true })
			if got := s.record.Slices["web-leader-ipv4"].Leaving; got != want {
				t.Fatalf("the commit on admission says %+v", got)
			}
			test.change(&s)
			p := decide(s, gen.T0.Add(test.after))
			if len(p.writes) != 1 {
				t.Fatalf("%d writes", len(p.writes))
			}
			if got := carryOut(s, p).record.Slices["web-leader-ipv4"].Leaving; got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
	s := admitted(t, func(s *input) { s.options.PreferredLeader = "b2" })
	if p := decide(s, gen.T0.Add(time.Minute)); len(p.writes) > 0 {
		t.Error("one that is up is written about for its own sake")
	}
}
