package election

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSuccessors(t *testing.T) {
	neighbour := func(name string, changes ...func(*Candidate)) Candidate {
		return pod(name, append(changes, onNode("node-of-leader"))...)
	}
	for name, test := range map[string]struct {
		rules      Rules
		candidates []Candidate
		want       []string
	}{
		"nobody else":                     {candidates: []Candidate{}},
		"only pods that are fit":          {candidates: []Candidate{pod("a", draining), pod("b", broken), pod("c"), pod("d", notReadyFor(time.Second))}, want: []string{"c"}},
		"the oldest first":                {candidates: []Candidate{pod("a", aged(1)), pod("b", aged(3)), pod("c", aged(2))}, want: []string{"b", "c", "a"}},
		"pods in doubt last":              {candidates: []Candidate{pod("a", marked), pod("b", lost(ReasonNodeLost)), pod("c", finite), pod("d")}, want: []string{"d", "c", "a"}},
		"a young pod before none":         {rules: Rules{MinReady: time.Minute}, candidates: []Candidate{pod("a"), pod("b", readyFor(time.Hour))}, want: []string{"b", "a"}},
		"pods on another node, if sticky": {rules: Rules{Sticky: true}, candidates: []Candidate{neighbour("a"), neighbour("b"), pod("c"), pod("d")}, want: []string{"c", "d", "a"}},
		"the best, and then one on another node": {
			candidates: []Candidate{neighbour("a"), neighbour("b"), neighbour("c"), pod("d"), pod("e")}, want: []string{"a", "d", "b"},
		},
		"the best of one node, if there is no other": {candidates: []Candidate{neighbour("a"), neighbour("b")}, want: []string{"a", "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			leader := pod("leader")
			var got []string
			for _, c := range Successors(test.rules, append(test.candidates, leader), leader, t0, 3) {
				got = append(got, c.Name)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("unexpected successors (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheFirstOfTheSuccessorsIsTheOneOfTheDecision(t *testing.T) {
	runProperty(t, "for any pods", func(s input) error {
		d := s.decide()
		if d.Leader == nil {
			return nil
		}
		all := Successors(s.Rules, s.Candidates, *d.Leader, t0, 6)
		if (d.Successor == nil) != (len(all) == 0) || len(all) > 0 && all[0].UID != d.Successor.UID {
			return fmt.Errorf("the decision has successor %q, and the list is %+v", uidOf(d.Successor), all)
		}
		for i, c := range all {
			if !c.Fit() || c.UID == d.Leader.UID {
				return fmt.Errorf("%s, number %d of the list, cannot follow", c.Name, i)
			}
		}
		return nil
	})
}
