package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/tanist-dev/tanist/bench/traffic"
)

// TestTheCaptionIsAboutWhatWasMeasured: eight lines about other modes hide a table of two rows.
func TestTheCaptionIsAboutWhatWasMeasured(t *testing.T) {
	const rate, published = "Requests are sent at a constant rate", "zen-lead's project published"
	for name, test := range map[string]struct {
		report       Report
		says, leaves []string
	}{
		"a delete": {
			Report{Rows: []Row{{Mode: ModeDelete}}}, []string{"took the leader away until"}, []string{"readiness", "crash", "freeze", "node:", rate, published},
		},
		"a loss of readiness, and a crash": {
			Report{Rows: []Row{{Mode: ModeReadiness}, {Mode: ModeCrash}}},
			[]string{"(readiness: from the change of the pod's status in the API; crash: from half a second later"}, []string{"freeze", "node:"},
		},
		"a crash and a hang":    {Report{Rows: []Row{{Mode: ModeFreeze}, {Mode: ModeCrash}}}, []string{"(crash and freeze: from half"}, []string{"readiness"}},
		"traffic":               {Report{Rows: []Row{{Mode: ModeDelete, Traffic: &traffic.Totals{}}}}, []string{rate}, nil},
		"a workload of its own": {Report{Published: &Published{}}, []string{published}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := test.report.howToRead()
			for _, part := range test.says {
				if !strings.Contains(got, part) {
					t.Errorf("%q does not say %q", got, part)
				}
			}
			for _, part := range test.leaves {
				if strings.Contains(got, part) {
					t.Errorf("%q says %q", got, part)
				}
			}
		})
	}
}

// TestThePublishedFiguresStandBesideBenchsOwnWorkload only: they say nothing about a user's Service.
func TestThePublishedFiguresStandBesideBenchsOwnWorkload(t *testing.T) {
	for own, want := range map[bool]int{true: 1, false: 0} {
		r := testReport()
		r.Target.OwnWorkload, r.Published = own, nil
		r.Complete()
		var table, page bytes.Buffer
		if err := r.WriteTable(&table); err != nil {
			t.Fatal(err)
		}
		if err := r.WriteHTML(&page); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(table.String(), "zen-lead, published"); got != want {
			t.Errorf("own workload %t: got %d rows in\n%s", own, got, &table)
		}
		if got := strings.Count(page.String(), `class="published"`); got != 3*want {
			t.Errorf("own workload %t: the page shows the figures in %d places, want %d", own, got, 3*want)
		}
	}
}
