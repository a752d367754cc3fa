package disruptions

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/tanist-dev/tanist/test/env"
)

// outcome is what one repetition of one disruption cost.
type outcome struct {
	Case     string `json:"case"`
	Settings string `json:"settings"`
	Proxy    string `json:"proxy,omitempty"`
	Round    int    `json:"round"`
	cost
	// Moves is how often each leader moved, in the order of the Services.
	Moves   []int    `json:"moves"`
	Reasons []string `json:"reasons"`
}

// outcomes are all repetitions of a run.
type outcomes struct{ all []outcome }

// add appends an outcome, and a line of JSON to the file that DISRUPTION_OUT names, if any.
func (o *outcomes) add(one outcome) error {
	o.all = append(o.all, one)
	return env.AppendJSON("DISRUPTION_OUT", one)
}

// table has a row for each disruption under each settings.
func (o *outcomes) table() string {
	type key struct{ name, settings string }
	rows, order := map[key][]outcome{}, []key{}
	for _, one := range o.all {
		k := key{one.Case, one.Settings}
		if rows[k] == nil {
			order = append(order, k)
		}
		rows[k] = append(rows[k], one)
	}
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 0, 1, ' ', 0)
	fmt.Fprintln(w, "| disruption\t| settings\t| repetitions\t| requests\t| failed\t| repetitions with failures\t| longest gap\t| moves of a leader\t| failures\t|")
	fmt.Fprintln(w, "| ---\t| ---\t| ---\t| ---\t| ---\t| ---\t| ---\t| ---\t| ---\t|")
	for _, k := range order {
		var sum cost
		moves, hurt := map[int]int{}, 0
		for _, one := range rows[k] {
			sum.Requests += one.Requests
			sum.Failed += one.Failed
			sum.LongestGapMs = max(sum.LongestGapMs, one.LongestGapMs)
			for kind, count := range one.Errors {
				if sum.Errors == nil {
					sum.Errors = map[string]int64{}
				}
				sum.Errors[kind] += count
			}
			if one.Failed > 0 {
				hurt++
			}
			for _, n := range one.Moves {
				moves[n]++
			}
		}
		fmt.Fprintf(w, "| %s\t| %s\t| %d\t| %d\t| %d\t| %d\t| %.0f ms\t| %s\t| %s\t|\n",
			k.name, k.settings, len(rows[k]), sum.Requests, sum.Failed, hurt, sum.LongestGapMs, inWords(moves), sum.errorKinds())
	}
	w.Flush()
	return out.String()
}

// inWords returns how often a leader moved how many times: "1" when it was always once, else "1 (18 times), 2 (2 times)".
func inWords(moves map[int]int) string {
	var parts []string
	for n := range 20 {
		if moves[n] == 0 {
			continue
		}
		if len(moves) == 1 {
			return fmt.Sprint(n)
		}
		parts = append(parts, fmt.Sprintf("%d (%d times)", n, moves[n]))
	}
	return strings.Join(parts, ", ")
}
