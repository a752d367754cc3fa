package election

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestOrder(t *testing.T) {
	cases := map[string]struct {
		rules       Rules
		leavingNode string
		candidates  []Candidate
		want        []string
	}{
		"the oldest strategy takes the pod created first": {
			rules:      Rules{Strategy: StrategyOldest},
			candidates: []Candidate{pod("a", aged(1)), pod("b", aged(3)), pod("c", aged(2))},
			want:       []string{"b", "c", "a"},
		},
		"the newest strategy takes the pod created last": {
			rules:      Rules{Strategy: StrategyNewest},
			candidates: []Candidate{pod("a", aged(1)), pod("b", aged(3)), pod("c", aged(2))},
			want:       []string{"a", "c", "b"},
		},
		"the ordinal strategy takes the lowest index, pods without one last, ties by name": {
			rules:      Rules{Strategy: StrategyOrdinal},
			candidates: []Candidate{pod("b"), pod("web-10", ordinal(10)), pod("a"), pod("web-2", ordinal(2)), pod("web-0", ordinal(0))},
			want:       []string{"web-0", "web-2", "web-10", "a", "b"},
		},
		"a strategy that is not known is the oldest": {
			rules:      Rules{Strategy: "tallest"},
			candidates: []Candidate{pod("a", aged(time.Minute)), pod("b", aged(time.Hour))},
			want:       []string{"b", "a"},
		},
		"ties go by name": {
			candidates: []Candidate{pod("c"), pod("a"), pod("b")},
			want:       []string{"a", "b", "c"},
		},
		"another node comes after the priority and before the strategy": {
			leavingNode: "x",
			candidates: []Candidate{
				pod("same-node", onNode("x"), aged(time.Hour)), pod("other-node"), pod("first", onNode("x"), priority(1)),
			},
			want: []string{"first", "other-node", "same-node"},
		},
		"no leaving node means no wish for another": {
			candidates: []Candidate{pod("b", onNode("x"), aged(time.Hour)), pod("c"), pod("a", onNode(""), aged(2*time.Hour))},
			want:       []string{"a", "b", "c"},
		},
		"the higher deletion cost comes after the node and before the strategy": {
			leavingNode: "x",
			candidates: []Candidate{
				pod("a", onNode("x"), deletionCost(9)), pod("b", aged(time.Hour)), pod("c", deletionCost(-1), aged(2*time.Hour)), pod("d", deletionCost(5)),
			},
			want: []string{"d", "b", "c", "a"},
		},
		"announcements come first, then the preferred pod, then the priority": {
			rules: Rules{Preferred: "preferred"},
			candidates: []Candidate{
				pod("disrupted", priority(9), announced(AnnouncedDisruption)), pod("scaled away", priority(9), announced(AnnouncedScaleDown)), pod("cordoned", priority(9), announced(AnnouncedNode)),
				pod("old", priority(9), announced(AnnouncedRollout)), pod("plain"), pod("high", priority(5)), pod("preferred"),
			},
			want: []string{"preferred", "high", "plain", "old", "cordoned", "scaled away", "disrupted"},
		},
		"a pod that lasts, then one that is not deleted at once, then one that carries more, then one that stays, then the preferred pod": {
			rules: Rules{Preferred: "preferred"},
			candidates: []Candidate{
				pod("job", finite, priority(9)), pod("preferred", missing(1)), pod("full but disrupted", announced(AnnouncedDisruption)), pod("half", missing(1)),
				pod("full but old", announced(AnnouncedRollout)), pod("full"), pod("a third", missing(2), priority(9)),
			},
			want: []string{"full", "full but old", "preferred", "half", "a third", "full but disrupted", "job"},
		},
		"an announcement that is not known is taken for the worst": {
			candidates: []Candidate{pod("a", announced("Meteor")), pod("b", announced(AnnouncedScaleDown))},
			want:       []string{"b", "a"},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			slices.SortFunc(test.candidates, func(a, b Candidate) int { return test.rules.compare(&a, &b, test.leavingNode) })
			var got []string
			for _, c := range test.candidates {
				got = append(got, c.Name)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("unexpected order (-want +got):\n%s", diff)
			}
		})
	}
}
