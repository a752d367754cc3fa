package loss

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// row is a case with its trials.
type row struct {
	name   string
	want   expectation
	trials []trial
}

// table has a line for each row, in Markdown.
func table(rows []row) string {
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 0, 1, ' ', 0)
	fmt.Fprintln(w, "| case\t| trials\t| until the first move: median\t| 95 %\t| longest\t| floor: median\t| moves\t| reasons\t| failed requests\t| longest gap\t| false moves\t|")
	fmt.Fprintln(w, "| ---\t| ---\t| ---\t| ---\t| ---\t| ---\t| ---\t| ---\t| ---\t| ---\t| ---\t|")
	for _, r := range rows {
		fmt.Fprintln(w, r.line())
	}
	w.Flush()
	return out.String()
}

func (r row) line() string {
	var first, floor []float64
	var failed, sent int64
	gap, wrong, unjudged := 0.0, 0, 0
	moves, reasons := map[string]int{}, map[string]int{}
	for _, t := range r.trials {
		floor = append(floor, t.FloorMs)
		failed, sent = failed+t.Traffic.Failed, sent+t.Traffic.Failed+t.Traffic.OK
		gap = max(gap, t.Traffic.LongestGapMs)
		wrong += r.want.falseMoves(t)
		moves[fmt.Sprint(len(t.Moves))]++
		if len(t.Moves) > 0 {
			first = append(first, t.Moves[0].AfterMs)
		}
		for _, m := range t.Moves {
			reasons[m.Reason]++
		}
		if !r.want.judged(t) {
			unjudged++
		}
	}
	trials := fmt.Sprint(len(r.trials))
	if unjudged > 0 {
		trials += fmt.Sprintf(" (%d lasted too long)", unjudged)
	}
	until := []string{"", "", ""}
	if len(first) > 0 {
		for i, p := range []int{50, 95, 100} {
			until[i] = fmt.Sprintf("%.0f ms", percentile(first, p))
		}
	}
	return fmt.Sprintf("| %s\t| %s\t| %s\t| %.1f ms\t| %s\t| %s\t| %d of %d\t| %.0f ms\t| %d\t|",
		r.name, trials, strings.Join(until, "\t| "), percentile(floor, 50), counts(moves), counts(reasons), failed, sent, gap, wrong)
}

// counts is each value with how often it was there, or only the value if there is one.
func counts(of map[string]int) string {
	var parts []string
	for _, value := range slices.Sorted(maps.Keys(of)) {
		if len(of) == 1 {
			return value
		}
		parts = append(parts, fmt.Sprintf("%s (%d times)", value, of[value]))
	}
	return strings.Join(parts, ", ")
}
