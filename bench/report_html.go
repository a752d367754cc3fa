package bench

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"

	"gonum.org/v1/plot"
)

//go:embed report.html.tmpl
var reportTemplate string

// page is what the template of the HTML report shows.
type page struct {
	*Report
	What      string
	HowToRead string
	Columns   []string
	Table     [][]string
	Plots     []template.HTML
}

// WriteHTML writes the report as one self-contained page with plots: nothing is loaded from anywhere.
func (r *Report) WriteHTML(w io.Writer) error {
	page := page{Report: r, What: r.what(), HowToRead: howToRead, Columns: tableColumns(), Table: r.tableRows()}
	var err error
	if page.Plots, err = r.plots(); err != nil {
		return err
	}
	parsed, err := template.New("report").Parse(reportTemplate)
	if err != nil {
		return fmt.Errorf("failed to parse report template: %w", err)
	}
	if err := parsed.Execute(w, page); err != nil {
		return fmt.Errorf("failed to write HTML report: %w", err)
	}
	return nil
}

// modes are those with a measured row, in the order of the rows.
func (r *Report) modes() []Mode {
	var modes []Mode
	for _, row := range r.Rows {
		if row.Measured > 0 && !slices.Contains(modes, row.Mode) {
			modes = append(modes, row.Mode)
		}
	}
	return modes
}

// plots are one of all rows, and two of each mode, drawn by this program: nothing in them needs escaping but their text, which
// gonum escapes. There are none of nothing.
func (r *Report) plots() ([]template.HTML, error) {
	if len(r.modes()) == 0 {
		return nil, nil
	}
	all, err := summaryPlot(r.Rows)
	if err != nil {
		return nil, err
	}
	plots := []*plot.Plot{all}
	for _, mode := range r.modes() {
		var rows []Row
		for _, row := range r.Rows {
			if row.Mode == mode {
				rows = append(rows, row)
			}
		}
		shares, err := distributionPlot(mode, rows, r.Published)
		if err != nil {
			return nil, err
		}
		sequence, err := sequencePlot(mode, rows)
		if err != nil {
			return nil, err
		}
		plots = append(plots, shares, sequence)
	}
	drawn := make([]template.HTML, len(plots))
	for i, p := range plots {
		image, err := svg(p)
		if err != nil {
			return nil, err
		}
		drawn[i] = template.HTML(image) //nolint:gosec // Our own drawing, escaped by gonum.
	}
	return drawn, nil
}
