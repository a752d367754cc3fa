package report

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

// missing stands in a table where nothing was measured, uncertain where there are too few samples for a confidence interval.
const (
	missing   = "-"
	uncertain = "—"
)

// tableColumns are the same for the terminal and for the HTML report.
func tableColumns() []string {
	return []string{
		"MODE", "WHO", "N", "MISSED", "MIN", "P50", "P90", "P99", "MAX", "MEAN", "P50/FLOOR", "P99/FLOOR",
		"REQUESTS OK", "FAILED", "LONGEST GAP", "SLOWEST",
	}
}

// tableRows are the report's rows as text, followed by zen-lead's published figures.
func (r *Report) tableRows() [][]string {
	rows := make([][]string, 0, len(r.Rows)+1)
	for _, row := range r.Rows {
		cells := []string{
			string(row.Mode), string(row.Who), strconv.Itoa(row.Measured), strconv.Itoa(row.Missed),
			inMs(row.MinMs), within(row.P50Ms, row.P50Interval), within(row.P90Ms, row.P90Interval), within(row.P99Ms, row.P99Interval),
			inMs(row.MaxMs), inMs(row.MeanMs),
			asRatio(row.RatioP50), asRatio(row.RatioP99),
		}
		if row.Traffic == nil {
			cells = append(cells, missing, missing, missing, missing)
		} else {
			cells = append(cells, strconv.FormatInt(row.Traffic.OK, 10), strconv.FormatInt(row.Traffic.Failed, 10),
				inMs(&row.Traffic.LongestGapMs), inMs(&row.Traffic.SlowestMs))
		}
		rows = append(rows, cells)
	}
	p := r.Published
	if p == nil {
		return rows
	}
	return append(rows, []string{
		"zen-lead, published", missing, strconv.Itoa(p.Failovers), missing, inMs(&p.MinMs), missing, missing, missing,
		inMs(&p.MaxMs), inMs(&p.MeanMs), missing, missing, missing, missing, missing, missing,
	})
}

// inMs is a number of milliseconds with about three digits.
func inMs(value *float64) string {
	switch {
	case value == nil:
		return missing
	case *value < 100:
		return strconv.FormatFloat(*value, 'f', 1, 64)
	}
	return strconv.FormatFloat(*value, 'f', 0, 64)
}

// within is a percentile with its confidence interval.
func within(value *float64, interval *Interval) string {
	switch {
	case value == nil:
		return missing
	case interval == nil:
		return inMs(value) + " [" + uncertain + "]"
	}
	return fmt.Sprintf("%s [%s, %s]", inMs(value), inMs(&interval.FromMs), inMs(&interval.ToMs))
}

func asRatio(value *float64) string {
	if value == nil {
		return missing
	}
	return strconv.FormatFloat(*value, 'f', 2, 64)
}

// title is what was measured, in one line.
func (r *Report) title() string {
	subject := fmt.Sprintf("Service %s/%s, %d pods", r.Target.Namespace, r.Target.Service, r.Target.Pods)
	switch {
	case r.Settings.Services > 1:
		subject = fmt.Sprintf("%d Services with %d pods each, all leaders deleted by one request", r.Settings.Services, r.Target.Pods)
	case r.Target.OwnWorkload:
		subject = fmt.Sprintf("a workload of %d pods", r.Target.Pods)
	}
	return subject + "; Kubernetes " + r.Environment.ServerVersion
}

// WriteTable writes the report for a terminal.
func (r *Report) WriteTable(w io.Writer) error {
	var text bytes.Buffer
	fmt.Fprintf(&text, "%s\n%s\n\n", r.title(), wrapped(r.howToRead(), captionWidth))
	// Writing to the buffer never fails.
	table := tabwriter.NewWriter(&text, 0, 8, 3, ' ', 0)
	_, _ = fmt.Fprintln(table, strings.Join(tableColumns(), "\t"))
	for _, cells := range r.tableRows() {
		_, _ = fmt.Fprintln(table, strings.Join(cells, "\t"))
	}
	_ = table.Flush()
	if len(r.Notes) > 0 {
		fmt.Fprintf(&text, "\nNotes:\n")
	}
	for _, note := range r.Notes {
		fmt.Fprintf(&text, "- %s\n", note)
	}
	if _, err := text.WriteTo(w); err != nil {
		return fmt.Errorf("failed to write report: %w", err)
	}
	return nil
}
