package bench

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// summaryPlot shows all rows side by side: a box from the first to the third quartile with the median in it, whiskers to what
// is within one and a half of the box's height, and beyond that every failover as a point.
func summaryPlot(rows []Row) (*plot.Plot, error) {
	p := newPlot("all failovers")
	p.Y.Label.Text = "ms, logarithmic"
	p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, decades{}
	lowest, highest := math.Inf(1), 0.0
	var names []string
	for _, row := range rows {
		values := make(plotter.Values, 0, len(row.Samples))
		for _, latency := range row.latencies() {
			values = append(values, max(latency, minPlotMs))
			lowest, highest = min(lowest, values[len(values)-1]), max(highest, values[len(values)-1])
		}
		if len(values) == 0 {
			continue
		}
		box, err := plotter.NewBoxPlot(vg.Points(26), float64(len(names)), values)
		if err != nil {
			return nil, fmt.Errorf("failed to draw summary: %w", err)
		}
		box.FillColor = colorOf(row.Who)
		box.MedianStyle.Color, box.MedianStyle.Width = color.White, vg.Points(2)
		box.GlyphStyle = draw.GlyphStyle{Color: colorOf(row.Who), Radius: vg.Points(2), Shape: draw.CircleGlyph{}}
		p.Add(box)
		names = append(names, fmt.Sprintf("%s\n%s", row.Mode, row.Who))
	}
	p.NominalX(names...)
	p.X.Min, p.X.Max = -0.5, float64(len(names))-0.5
	p.Y.Min, p.Y.Max = lowest/1.5, highest*1.5
	return p, nil
}
