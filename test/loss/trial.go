package loss

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tanist-dev/tanist/bench/traffic"
	"github.com/tanist-dev/tanist/test/env"
	"github.com/tanist-dev/tanist/test/leaders"
)

// trial is what one injection of a fault did to one Service.
type trial struct {
	Case    string    `json:"case"`
	Round   int       `json:"round"`
	Service string    `json:"service"`
	Began   time.Time `json:"began"`
	// Node is the leader's, Holder the one of the replica that held the Lease, Others those of the other replicas.
	Node   string   `json:"node"`
	Holder string   `json:"holder"`
	Others []string `json:"others"`
	// LastedMs is how long the fault lasted.
	LastedMs float64 `json:"lastedMs"`
	// FloorMs is how long it took the test to write an equal slice and to see it in a watch, right before.
	FloorMs float64        `json:"floorMs"`
	Moves   []moved        `json:"moves"`
	Traffic traffic.Totals `json:"traffic"`
	// Wrong is what the recorder saw and must never be.
	Wrong []string `json:"wrong,omitempty"`
}

// moved is a move of the leader after the fault.
type moved struct {
	// AfterMs is the time from the injection until the slice arrived in the test's watch.
	AfterMs float64 `json:"afterMs"`
	Reason  string  `json:"reason"`
	Leader  string  `json:"leader"`
	Term    int64   `json:"term"`
}

// add adds the moves of the trial's Service.
func (t *trial) add(moves []leaders.Move) {
	for _, m := range moves {
		if m.Service == t.Service {
			t.Moves = append(t.Moves, moved{AfterMs: ms(m.At.Sub(t.Began)), Reason: m.Reason, Leader: m.Leader, Term: m.Term})
		}
	}
}

func (t *trial) String() string {
	said := []string{fmt.Sprintf("%s on %s:", t.Service, t.Node)}
	if len(t.Moves) == 0 {
		said = append(said, "no move;")
	}
	for _, m := range t.Moves {
		said = append(said, fmt.Sprintf("%s after %.0f ms (%s);", m.Leader, m.AfterMs, m.Reason))
	}
	said = append(said, fmt.Sprintf("the fault lasted %.0f ms, %d of %d requests failed, longest gap %.0f ms, floor %.1f ms",
		t.LastedMs, t.Traffic.Failed, t.Traffic.OK+t.Traffic.Failed, t.Traffic.LongestGapMs, t.FloorMs))
	return strings.Join(append(said, t.Wrong...), " ")
}

// write appends the trial to the file that LOSS_OUT names, if any, as a line of JSON.
func (t *trial) write() error {
	return env.AppendJSON("LOSS_OUT", t)
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// percentile is the smallest value that at least p percent of all values do not exceed; 0 without values.
func percentile(values []float64, p int) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[max((len(sorted)*p+99)/100, 1)-1]
}
