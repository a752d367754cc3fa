package bench

import (
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// sequencePlot shows every failover in its order: drift, outliers and misses that a distribution hides.
func sequencePlot(mode Mode, rows []Row) (*plot.Plot, error) {
	p := newPlot(string(mode) + ": each failover in its turn")
	p.X.Label.Text, p.Y.Label.Text = "failover", "ms, logarithmic"
	p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, decades{}
	lowest, highest := math.Inf(1), 0.0
	for _, row := range rows {
		var points plotter.XYs
		for _, sample := range row.Samples {
			if sample.Error == "" {
				latency := max(sample.LatencyMs, minPlotMs)
				points = append(points, plotter.XY{X: float64(sample.Number), Y: latency})
				lowest, highest = min(lowest, latency), max(highest, latency)
			}
		}
		if len(points) == 0 {
			continue
		}
		scatter, err := plotter.NewScatter(points)
		if err != nil {
			return nil, fmt.Errorf("failed to draw failovers: %w", err)
		}
		scatter.GlyphStyle = draw.GlyphStyle{Color: colorOf(row.Who), Radius: vg.Points(2.4), Shape: draw.CircleGlyph{}}
		p.Add(scatter)
		p.Legend.Add(string(row.Who), scatter)
	}
	// Room above the points for the legend.
	p.Y.Min, p.Y.Max = lowest/1.5, highest*3
	return p, nil
}
