package leaderslice

import (
	"encoding/json"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/effort"
	"github.com/tanist-dev/tanist/test/gen"
)

// FuzzSlice reads slices as somebody might have written them.
func FuzzSlice(f *testing.F) {
	source := gen.WebService()
	leader := gen.LeaderOf(source)
	add := func(change func(*discoveryv1.EndpointSlice)) {
		content := Content{
			Source: source, LeaderService: leader, State: stateOfTerm5, Pod: gen.ReadyPod("a1"),
			Basis: Basis{Pods: "30", Services: "20"}, Leaving: Leaving{Pod: "z9-uid", Until: gen.T0}, Losses: lossesOf("y8-uid", "z9-uid"),
			OldLeader: OldLeader{UID: "y8-uid", Name: "y8"},
		}
		slice := content.RenderPrimary(discoveryv1.AddressTypeIPv4)
		RecordMove(slice, nil, moveOfTerm(5))
		change(slice)
		written, err := json.Marshal(slice)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(written)
	}
	add(func(*discoveryv1.EndpointSlice) {})
	add(func(s *discoveryv1.EndpointSlice) { s.Annotations[config.TermKey] = "-9223372036854775808" })
	add(func(s *discoveryv1.EndpointSlice) { s.Annotations[config.BasisKey] = "5/a/b/c/d" })
	add(func(s *discoveryv1.EndpointSlice) { s.Annotations[config.OldLeaderKey] = "5//" })
	add(func(s *discoveryv1.EndpointSlice) { s.Annotations[config.LostKey] = "9;a@b;@;2026-03-01T12:00:00Z@" })
	add(func(s *discoveryv1.EndpointSlice) {
		s.Annotations[config.HistoryKey] = `[{"at":"9999-12-31T23:59:59-23:00"},null]`
	})
	add(func(s *discoveryv1.EndpointSlice) { s.Annotations, s.Endpoints[0].TargetRef.UID = nil, "a/b" })
	add(func(s *discoveryv1.EndpointSlice) { s.OwnerReferences, s.Labels = nil, nil })
	add(func(s *discoveryv1.EndpointSlice) {
		s.Endpoints[0] = discoveryv1.Endpoint{TargetRef: &corev1.ObjectReference{}}
	})
	f.Fuzz(func(t *testing.T, written []byte) {
		slice := &discoveryv1.EndpointSlice{}
		if len(written) > effort.MaxInput || json.Unmarshal(written, slice) != nil {
			return
		}
		// The pod's name decides nothing here: the leader is whoever the slice says.
		render := func(state State) *discoveryv1.EndpointSlice {
			content := Content{Source: source, LeaderService: leader, State: state, Pod: gen.ReadyPod("a1")}
			content.Pod.Name, content.Pod.UID = state.Leader.Name, state.Leader.UID
			if state.Leader.UID == "" {
				content.Pod = nil
			}
			return content.RenderPrimary(discoveryv1.AddressTypeIPv4)
		}
		var once, twice *discoveryv1.EndpointSlice
		effort.Limit(t, "reading and writing a slice", func() {
			parsed := Parse(slice)
			OwnsSlice(slice, leader)
			AdoptableSlice(slice, leader)
			once = render(parsed.State)
			SameSlice(slice, once)
			twice = render(Parse(once).State)
			RecordMove(once, slice, moveOfTerm(6))
			RecordMove(twice, once, moveOfTerm(7))
		})
		if !SameSlice(once, twice) {
			t.Errorf("what Tanist writes is changed again after it was read:\n%+v\n%+v", once, twice)
		}
		moves, ok := ParseHistory(twice.Annotations)
		if size := len(twice.Annotations[config.HistoryKey]); !ok || len(moves) < 2 || moves[len(moves)-1].Term != 7 || size > maxHistoryBytes {
			t.Errorf("the history that Tanist writes has %d bytes, and is read as %+v", size, moves)
		}
	})
}
