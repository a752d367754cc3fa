package leaderslice

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/gen"
)

// stateOfTerm5 is a state in which pod a1 leads.
var stateOfTerm5 = State{
	Leader: Leader{UID: "a1-uid", Name: "a1", Node: "node-of-a1", Ready: true},
	Term:   5, Since: gen.T0.Add(-time.Minute), Reason: "LeaderDeleted",
}

func TestParseReadsWhatRenderWrites(t *testing.T) {
	for name, state := range map[string]State{
		"a leader":                stateOfTerm5,
		"a leader of last resort": {Leader: Leader{UID: "a1-uid", Name: "a1", Node: "node-of-a1"}, Term: 5, Since: gen.T0, Reason: "LeaderGone"},
		"nobody":                  {Term: 6, Reason: "NoCandidate"},
		"nobody yet":              {},
	} {
		t.Run(name, func(t *testing.T) {
			content := Content{
				Source: gen.WebService(), LeaderService: gen.LeaderOf(gen.WebService()), State: state,
				Basis: Basis{Pods: "30", Services: "20"}, Leaving: Leaving{Pod: "z9-uid", Until: gen.T0}, Losses: lossesOf("y8-uid", "z9-uid"),
				OldLeader: OldLeader{UID: "y8-uid", Name: "y8"},
			}
			if state.Leader.Name != "" {
				content.Pod = gen.ReadyPod("a1")
			}
			primary := Parse(content.RenderPrimary(discoveryv1.AddressTypeIPv4))
			if diff := cmp.Diff(state, primary.State); diff != "" {
				t.Errorf("unexpected state of the primary family (-want +got):\n%s", diff)
			}
			if primary.Basis != content.Basis || primary.Leaving != content.Leaving {
				t.Errorf("got basis %+v and leaving %+v", primary.Basis, primary.Leaving)
			}
			if diff := cmp.Diff(content.Losses, primary.Losses); diff != "" {
				t.Errorf("unexpected losses of the primary family (-want +got):\n%s", diff)
			}
			if primary.OldLeader != content.OldLeader {
				t.Errorf("got old leader %+v", primary.OldLeader)
			}
			secondary := Parse(content.Render(discoveryv1.AddressTypeIPv6))
			if diff := cmp.Diff(state, secondary.State); diff != "" {
				t.Errorf("unexpected state of the other family (-want +got):\n%s", diff)
			}
			if secondary.Basis != content.Basis || secondary.Leaving != (Leaving{}) {
				t.Errorf("got basis %+v and leaving %+v of the other family", secondary.Basis, secondary.Leaving)
			}
			if secondary.OldLeader != (OldLeader{}) {
				t.Errorf("the other family has an old leader: %+v", secondary.OldLeader)
			}
			if len(secondary.Losses.Marks) > 0 {
				t.Errorf("the other family has losses: %+v", secondary.Losses)
			}
		})
	}
}

// The basis has the leader's UID, so damage to endpoints and names does not change who leads.
func TestParseOfADamagedSlice(t *testing.T) {
	type read struct {
		Name string
		UID  string
		Term int64
	}
	unbound := func(damage func(*discoveryv1.EndpointSlice)) func(*discoveryv1.EndpointSlice) {
		return func(s *discoveryv1.EndpointSlice) {
			delete(s.Annotations, config.BasisKey)
			damage(s)
		}
	}
	another := func(s *discoveryv1.EndpointSlice) {
		s.Endpoints[0].TargetRef.Name, s.Endpoints[0].TargetRef.UID = "b2", "b2-uid"
	}
	none := func(s *discoveryv1.EndpointSlice) { s.Endpoints = nil }
	two := func(s *discoveryv1.EndpointSlice) { s.Endpoints = append(s.Endpoints, s.Endpoints[0]) }
	nameless := func(s *discoveryv1.EndpointSlice) { delete(s.Annotations, config.LeaderKey) }
	cases := map[string]struct {
		damage func(*discoveryv1.EndpointSlice)
		want   read
	}{
		"the term is not a number":           {damage: func(s *discoveryv1.EndpointSlice) { s.Annotations[config.TermKey] = "five" }, want: read{"a1", "a1-uid", 0}},
		"the term is negative":               {damage: func(s *discoveryv1.EndpointSlice) { s.Annotations[config.TermKey] = "-5" }, want: read{"a1", "a1-uid", 0}},
		"the term is missing":                {damage: func(s *discoveryv1.EndpointSlice) { delete(s.Annotations, config.TermKey) }, want: read{"a1", "a1-uid", 0}},
		"the term is too large":              {damage: func(s *discoveryv1.EndpointSlice) { s.Annotations[config.TermKey] = "9223372036854775808" }, want: read{"a1", "a1-uid", 0}},
		"the leader's endpoint is missing":   {damage: none, want: read{"a1", "a1-uid", 5}},
		"there are two endpoints":            {damage: two, want: read{"a1", "a1-uid", 5}},
		"the endpoint is another pod's":      {damage: another, want: read{"a1", "a1-uid", 5}},
		"the endpoint has no target":         {damage: func(s *discoveryv1.EndpointSlice) { s.Endpoints[0].TargetRef = nil }, want: read{"a1", "a1-uid", 5}},
		"the endpoint's target is not a pod": {damage: func(s *discoveryv1.EndpointSlice) { s.Endpoints[0].TargetRef.Kind = "VM" }, want: read{"a1", "a1-uid", 5}},
		"the endpoint's pod has no UID":      {damage: func(s *discoveryv1.EndpointSlice) { s.Endpoints[0].TargetRef.UID = "" }, want: read{"a1", "a1-uid", 5}},
		"the leader's name is missing":       {damage: nameless, want: read{"a1", "a1-uid", 5}},
		"all annotations are missing":        {damage: func(s *discoveryv1.EndpointSlice) { s.Annotations = nil }, want: read{"a1", "a1-uid", 0}},

		"without a basis, the endpoint is missing":                        {damage: unbound(none), want: read{"a1", "", 5}},
		"without a basis, there are two endpoints":                        {damage: unbound(two), want: read{"a1", "", 5}},
		"without a basis, the endpoint is another pod's":                  {damage: unbound(another), want: read{"a1", "", 5}},
		"without a basis, the leader's name is missing":                   {damage: unbound(nameless), want: read{"a1", "a1-uid", 5}},
		"without a basis, the endpoint is another pod's of the same name": {damage: unbound(func(s *discoveryv1.EndpointSlice) { s.Endpoints[0].TargetRef.UID = "second" }), want: read{"a1", "second", 5}},
		"without a basis, neither a name nor an endpoint is left":         {damage: unbound(func(s *discoveryv1.EndpointSlice) { nameless(s); none(s) }), want: read{"", "", 5}},
		"with the basis of another term, the endpoint is another pod's":   {damage: func(s *discoveryv1.EndpointSlice) { s.Annotations[config.TermKey] = "6"; another(s) }, want: read{"a1", "", 6}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			content := Content{
				Source: gen.WebService(), LeaderService: gen.LeaderOf(gen.WebService()), State: stateOfTerm5, Pod: gen.ReadyPod("a1"),
				Basis: Basis{Pods: "30", Services: "20"},
			}
			slice := content.RenderPrimary(discoveryv1.AddressTypeIPv4)
			test.damage(slice)
			got := Parse(slice).State
			if diff := cmp.Diff(test.want, read{got.Leader.Name, string(got.Leader.UID), got.Term}); diff != "" {
				t.Errorf("unexpected leader (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseOldLeader(t *testing.T) {
	for annotation, want := range map[string]OldLeader{
		"":                  {},
		"5/z9-uid/z9":       {UID: "z9-uid", Name: "z9"},
		"4/z9-uid/z9":       {}, // of another term
		"/z9-uid/z9":        {},
		"5/z9-uid":          {},
		"5//z9":             {},
		"5/z9-uid/":         {},
		"5/z9-uid/z9/extra": {},
	} {
		slice := &discoveryv1.EndpointSlice{}
		slice.Annotations = map[string]string{config.TermKey: "5", config.OldLeaderKey: annotation}
		if got := Parse(slice).OldLeader; got != want {
			t.Errorf("%q: got %+v, want %+v", annotation, got, want)
		}
	}
	// Without a term, there is nothing that the annotation could be bound to.
	slice := &discoveryv1.EndpointSlice{}
	slice.Annotations = map[string]string{config.OldLeaderKey: "/z9-uid/z9"}
	if got := Parse(slice).OldLeader; got != (OldLeader{}) {
		t.Errorf("without a term: got %+v", got)
	}
}

func TestParseLeaving(t *testing.T) {
	for annotation, want := range map[string]Leaving{
		"a1-uid@2026-03-01T12:00:00.000Z": {Pod: "a1-uid", Until: gen.T0},
		"a1-uid@2026-03-01T12:00:00Z":     {Pod: "a1-uid", Until: gen.T0},
		"a1-uid@soon":                     {},
		"@2026-03-01T12:00:00.000Z":       {},
		"a1-uid":                          {},
		"":                                {},
	} {
		if diff := cmp.Diff(want, parseLeaving(annotation)); diff != "" {
			t.Errorf("%q: unexpected pod (-want +got):\n%s", annotation, diff)
		}
	}
}
