package bench

import (
	"fmt"
	"image/color"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// distributionPlot shows which share of failovers was over after how long, one line per row, and the published average and
// range to compare with. Rows without a sample are left out; without any, there is no plot.
func distributionPlot(mode Mode, rows []Row, published Published) (*plot.Plot, error) {
	p := newPlot(string(mode) + ": share of failovers that were over after a time")
	p.X.Label.Text, p.Y.Label.Text = "milliseconds (logarithmic)", "share"
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, decades{}
	p.Y.Min, p.Y.Max = 0, 1+legendRoom
	p.Y.Tick.Marker = plot.ConstantTicks(shareTicks())
	p.Legend.Left = true

	lowest, highest := published.MinMs, published.MaxMs
	for _, row := range rows {
		steps := distribution(row.latencies())
		if len(steps) == 0 {
			continue
		}
		line, err := plotter.NewLine(steps)
		if err != nil {
			return nil, fmt.Errorf("failed to draw distribution: %w", err)
		}
		line.StepStyle, line.Color, line.Width = plotter.PostStep, colorOf(row.Who), vg.Points(1.8)
		p.Add(line)
		p.Legend.Add(string(row.Who), line)
		lowest, highest = min(lowest, steps[0].X), max(highest, steps[len(steps)-1].X)
	}
	if err := addPublished(p, published); err != nil {
		return nil, err
	}
	p.X.Min, p.X.Max = lowest/1.3, highest*1.3
	return p, nil
}

// addPublished draws the published range and average.
func addPublished(p *plot.Plot, published Published) error {
	band, err := plotter.NewPolygon(plotter.XYs{
		{X: published.MinMs, Y: 0}, {X: published.MaxMs, Y: 0}, {X: published.MaxMs, Y: 1}, {X: published.MinMs, Y: 1},
	})
	if err != nil {
		return fmt.Errorf("failed to draw published range: %w", err)
	}
	band.Color, band.Width = color.NRGBA{R: 0xd9, G: 0x78, B: 0x2d, A: 0x30}, 0
	average, err := plotter.NewLine(plotter.XYs{{X: published.MeanMs, Y: 0}, {X: published.MeanMs, Y: 1}})
	if err != nil {
		return fmt.Errorf("failed to draw published average: %w", err)
	}
	average.Color, average.Width = color.RGBA{R: 0xd9, G: 0x78, B: 0x2d, A: 0xff}, vg.Points(1.5)
	average.Dashes = []vg.Length{vg.Points(4), vg.Points(3)}
	p.Add(band, average)
	p.Legend.Add("published average (band: its range)", average)
	return nil
}

// distribution is the empirical distribution of latencies: each with the share that it does not exceed, from a share of 0 on.
func distribution(latencies []float64) plotter.XYs {
	if len(latencies) == 0 {
		return nil
	}
	sorted := slices.Sorted(slices.Values(latencies))
	steps := plotter.XYs{{X: max(sorted[0], minPlotMs), Y: 0}}
	for i, latency := range sorted {
		steps = append(steps, plotter.XY{X: max(latency, minPlotMs), Y: float64(i+1) / float64(len(sorted))})
	}
	return steps
}

// legendRoom is the part of the share's axis above 1, where the legend does not hide a line.
const legendRoom = 0.45

func shareTicks() []plot.Tick {
	return []plot.Tick{{Value: 0, Label: "0"}, {Value: 0.25}, {Value: 0.5, Label: "0.5"}, {Value: 0.75}, {Value: 1, Label: "1"}}
}
