package planner

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestCarriedOut(t *testing.T) {
	since := gen.T0.Add(time.Millisecond)
	ours := leaderslice.Move{At: since, To: "b2", Term: 6, Reason: "LeaderDeleted"}
	version := func(version string) func(*discoveryv1.EndpointSlice) {
		return func(s *discoveryv1.EndpointSlice) { s.ResourceVersion = version }
	}
	moved := func(moves ...leaderslice.Move) func(*discoveryv1.EndpointSlice) {
		return func(s *discoveryv1.EndpointSlice) {
			s.ResourceVersion = "2"
			for _, move := range moves {
				leaderslice.RecordMove(s, s, move)
			}
		}
	}
	triggered := func(at time.Time) func(*discoveryv1.EndpointSlice) {
		return func(s *discoveryv1.EndpointSlice) {
			s.ResourceVersion = "2"
			leaderslice.SetTriggerTime(s, at)
		}
	}
	slice := func(changes ...func(*discoveryv1.EndpointSlice)) *discoveryv1.EndpointSlice {
		return gen.SliceOf(gen.LeaderOf(gen.WebService()), discoveryv1.AddressTypeIPv4, changes...)
	}
	later, other := ours, ours
	later.Term, later.At = 7, since.Add(time.Second)
	other.At = since.Add(time.Millisecond)
	for name, test := range map[string]struct {
		move           bool
		created        bool // the write was to create the slice
		untriggered    bool // the write has no trigger
		now            *discoveryv1.EndpointSlice
		wantCarriedOut bool
		wantKnown      bool
	}{
		"nothing has changed":                       {move: true, now: slice(version("1"))},
		"the history has the move":                  {move: true, now: slice(moved(ours)), wantCarriedOut: true, wantKnown: true},
		"the history has the move, and a later one": {move: true, now: slice(moved(ours, later)), wantCarriedOut: true, wantKnown: true},
		"another replica made the same move":        {move: true, now: slice(moved(other)), wantKnown: true},
		"somebody has changed a label":              {move: true, now: slice(version("2")), wantKnown: true},
		"the slice was deleted":                     {move: true, wantKnown: true},
		"the slice is not there yet":                {move: true, created: true},
		"the slice was created":                     {move: true, created: true, now: slice(moved(ours)), wantCarriedOut: true, wantKnown: true},
		"another replica has created the slice":     {move: true, created: true, now: slice(moved(other)), wantKnown: true},
		"no move, with the same trigger":            {now: slice(triggered(gen.T0)), wantCarriedOut: true, wantKnown: true},
		"no move, with another trigger":             {now: slice(triggered(gen.T0.Add(1))), wantKnown: true},
		"no move, and no trigger":                   {untriggered: true, now: slice(version("2")), wantKnown: true},
		"no move, and it was undone": {
			now: slice(triggered(gen.T0), func(s *discoveryv1.EndpointSlice) { s.Endpoints = nil }), wantKnown: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := Plan{
				Decision: election.Decision{Move: test.move}, After: leaderslice.State{Term: 6, Since: since},
				Writes: []cache.Write{{Desired: slice(triggered(gen.T0)), Current: slice(version("1"))}},
			}
			if test.untriggered {
				p.Writes[0].Desired = slice()
			}
			if test.created {
				p.Writes[0].Current = nil
			}
			existing := map[string]leaderslice.Slice{}
			if test.now != nil {
				existing[test.now.Name] = leaderslice.Parse(test.now)
			}
			if carriedOut, known := p.CarriedOut(existing); carriedOut != test.wantCarriedOut || known != test.wantKnown {
				t.Errorf("got %t, known: %t; want %t, %t (trigger %s)", carriedOut, known, test.wantCarriedOut, test.wantKnown,
					p.Writes[0].Desired.Annotations[corev1.EndpointsLastChangeTriggerTime])
			}
		})
	}
}
