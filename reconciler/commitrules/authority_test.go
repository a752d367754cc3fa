package commitrules

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestAuthorityAllows(t *testing.T) {
	type allowed struct{ All, Losses, Undisputed bool }
	slice := func(change ...func(*discoveryv1.EndpointSlice)) *discoveryv1.EndpointSlice {
		return gen.SliceOf(gen.LeaderOf(gen.WebService()), discoveryv1.AddressTypeIPv4, change...)
	}
	empty := func(s *discoveryv1.EndpointSlice) { s.Endpoints = nil }
	termed := func(term string) func(*discoveryv1.EndpointSlice) {
		return func(s *discoveryv1.EndpointSlice) { s.Annotations = map[string]string{"tanist.dev/term": term} }
	}
	move := func(reason election.Reason) election.Decision { return election.Decision{Move: true, Reason: reason} }
	cases := map[string]struct {
		decision         election.Decision
		current, desired *discoveryv1.EndpointSlice
		want             allowed
	}{
		"a leader that is deleted":              {move(election.ReasonLeaderDeleted), slice(), slice(), allowed{All: true, Losses: true, Undisputed: true}},
		"a loss that older versions do not see": {move(election.ReasonNodeLost), slice(), slice(), allowed{All: true, Losses: true}},
		"a voluntary move":                      {move(election.ReasonPreferred), slice(), slice(), allowed{All: true}},
		"a missing slice with a leader":         {election.Decision{}, nil, slice(), allowed{All: true, Losses: true}},
		"a missing slice without a leader":      {election.Decision{}, nil, slice(empty), allowed{All: true}},
		"an endpoint that is missing":           {election.Decision{}, slice(termed("5"), empty), slice(termed("5")), allowed{All: true, Losses: true}},
		"a term that cannot be read":            {election.Decision{}, slice(termed("many")), slice(termed("6")), allowed{All: true, Losses: true}},
		"a term that can be read":               {election.Decision{}, slice(termed("5")), slice(termed("6")), allowed{All: true}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			got := allowed{
				All:        AuthorityAll.Allows(test.decision, test.current, test.desired),
				Losses:     AuthorityLosses.Allows(test.decision, test.current, test.desired),
				Undisputed: AuthorityUndisputed.Allows(test.decision, test.current, test.desired),
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("unexpected authority (-want +got):\n%s", diff)
			}
		})
	}
}
