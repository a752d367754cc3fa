package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
)

//go:embed page.html.tmpl
var pageSource string

var pageTemplate = template.Must(template.New("page").Parse(pageSource))

// page is what the template of the HTML report shows.
type page struct {
	*Report
	Title     string
	HowToRead string
	Columns   []string
	Table     [][]string
	Plots     []plot
}

// WriteHTML writes the report as one self-contained page with plots: it loads nothing.
func (r *Report) WriteHTML(w io.Writer) error {
	err := pageTemplate.Execute(w, page{
		Report: r, Title: r.title(), HowToRead: r.howToRead(), Columns: tableColumns(), Table: r.tableRows(), Plots: r.plots(),
	})
	if err != nil {
		return fmt.Errorf("failed to write HTML report: %w", err)
	}
	return nil
}

// plots are one of all rows and two of each mode; none when nothing was measured.
func (r *Report) plots() []plot {
	var modes []Mode
	for _, row := range r.Rows {
		if row.Measured > 0 && !slices.Contains(modes, row.Mode) {
			modes = append(modes, row.Mode)
		}
	}
	if len(modes) == 0 {
		return nil
	}
	plots := []plot{summaryPlot(modes, r.Rows)}
	for _, mode := range modes {
		rows := rowsOf(mode, r.Rows)
		plots = append(plots, distributionPlot(mode, rows, r.Published), sequencePlot(mode, rows))
	}
	return plots
}
