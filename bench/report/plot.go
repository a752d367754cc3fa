package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// The frame of a plot in SVG coordinates. The template draws the same. It gives all plots one size, in pixels that are the coordinates' unit, so
// that type has one size, too.
const (
	frameLeft, frameRight = 52.0, 590.0
	frameTop, frameBottom = 8.0, 256.0
)

// minPlotMs is the lowest latency on a logarithmic axis. Lower ones are drawn there.
const minPlotMs = 0.1

// plot is a drawing, in the coordinates of the template's SVG.
type plot struct {
	Title  string
	X, Y   axis
	Series []series
	// Band is the published range and average; nil where they are not shown.
	Band *band
}

// series is what a plot shows of one row.
type series struct {
	Who  Who
	Dots []point
	// Path is a line, as SVG path data.
	Path string
}

type point struct{ X, Y float64 }

type band struct{ From, Width, Mean float64 }

// axis maps values to coordinates.
type axis struct {
	Label string
	Ticks []tick
	at    func(value float64) float64
}

type tick struct {
	At    float64
	Label string
}

// newAxis maps values from low to high to coordinates between from and to, evenly in terms of scale.
func newAxis(label string, scale func(float64) float64, low, high, from, to float64, ticks []float64) axis {
	a := axis{Label: label, at: func(value float64) float64 {
		share := (scale(value) - scale(low)) / (scale(high) - scale(low))
		return math.Round(10*(from+share*(to-from))) / 10
	}}
	for _, value := range ticks {
		a.Ticks = append(a.Ticks, tick{At: a.at(value), Label: strconv.FormatFloat(value, 'g', 6, 64)})
	}
	return a
}

// latencyAxis is a logarithmic axis on which all latencies have room.
func latencyAxis(latencies []float64, from, to float64) axis {
	lowest, highest := max(slices.Min(latencies), minPlotMs), max(slices.Max(latencies), minPlotMs)
	low, high := lowest/1.3, highest*1.3
	logarithm := func(value float64) float64 { return math.Log(max(value, minPlotMs)) }
	ticks := decades(low, high)
	if len(ticks) < 2 { // The latencies are so close together that fewer ticks would tell nothing of the scale.
		ticks = slices.Compact([]float64{lowest, highest})
	}
	return newAxis("milliseconds (logarithmic)", logarithm, low, high, from, to, ticks)
}

func linearAxis(label string, high, from, to float64, ticks []float64) axis {
	return newAxis(label, func(value float64) float64 { return value }, 0, high, from, to, ticks)
}

// decades are the ticks of a logarithmic axis: 1, 2 and 5 times every power of ten.
func decades(low, high float64) []float64 {
	var ticks []float64
	for power := math.Floor(math.Log10(low)); power <= math.Ceil(math.Log10(high)); power++ {
		for _, digit := range []float64{1, 2, 5} {
			if value := digit * math.Pow(10, power); value >= low && value <= high {
				ticks = append(ticks, value)
			}
		}
	}
	return ticks
}

// countTicks are at most eleven whole numbers from 0 to high, with 1, 2 or 5 times a power of ten between them.
func countTicks(high int) []float64 {
	step := decades(max(float64(high)/10, 1), float64(high)+10)[0]
	var ticks []float64
	for value := 0.0; value <= float64(high); value += step {
		ticks = append(ticks, value)
	}
	return ticks
}

// summaryPlot shows all failovers that have a latency, a column for each row with a line at the median, and one along the median's confidence
// interval if there is one.
func summaryPlot(modes []Mode, rows []Row) plot {
	p := plot{Title: "all failovers, with their medians and the 95 % confidence intervals of these", Y: latencyAxis(allLatencies(rows), frameBottom, frameTop)}
	slot := (frameRight - frameLeft) / float64(len(modes))
	for i, mode := range modes {
		left := frameLeft + float64(i)*slot
		p.X.Ticks = append(p.X.Ticks, tick{At: math.Round(left + slot/2), Label: string(mode)})
		rows := rowsOf(mode, rows)
		width := slot / float64(len(rows))
		for j, row := range rows {
			center := left + (float64(j)+0.5)*width
			s := series{Who: row.Who}
			for k, latency := range row.latencies() {
				// Multiples of the golden ratio spread evenly, so that equal latencies do not hide one another.
				spread := math.Mod(float64(k)*math.Phi, 1) - 0.5
				s.Dots = append(s.Dots, point{math.Round(center + spread*width/2), p.Y.at(latency)})
			}
			s.Path = fmt.Sprintf("M%.0f %vh%.0f", center-width/3, p.Y.at(*row.P50Ms), width*2/3)
			if sure := row.P50Interval; sure != nil {
				s.Path += fmt.Sprintf("M%.0f %vV%v", center, p.Y.at(sure.FromMs), p.Y.at(sure.ToMs))
			}
			p.Series = append(p.Series, s)
		}
	}
	return p
}

// distributionPlot shows which share of the failovers that have a latency was completed within which time, beside the published average and
// range, if there are any.
func distributionPlot(mode Mode, rows []Row, published *Published) plot {
	latencies := allLatencies(rows)
	if published != nil {
		latencies = append(latencies, published.MinMs, published.MaxMs)
	}
	p := plot{
		Title: string(mode) + ": share of failovers completed within a given time (a curve that ends below 1: the rest was missed)",
		X:     latencyAxis(latencies, frameLeft, frameRight),
		Y:     linearAxis("share", 1, frameBottom, frameTop, []float64{0, 0.25, 0.5, 0.75, 1}),
	}
	if published != nil {
		from := p.X.at(published.MinMs)
		p.Band = &band{From: from, Width: p.X.at(published.MaxMs) - from, Mean: p.X.at(published.MeanMs)}
	}
	for _, row := range rows {
		p.Series = append(p.Series, series{Who: row.Who, Path: distribution(row.measured(), p.X, p.Y)})
	}
	return p
}

// distribution is the empirical distribution of the samples' latencies, as a path of steps from a share of 0 to a share of 1. With missed
// failovers it ends below 1, at the timeout: they took longer than that, and nobody knows how long.
func distribution(samples []Sample, x, y axis) string {
	sorted := slices.SortedStableFunc(slices.Values(samples), func(a, b Sample) int { return cmp.Compare(a.LatencyMs, b.LatencyMs) })
	var path strings.Builder
	fmt.Fprintf(&path, "M%v %v", x.at(sorted[0].LatencyMs), y.at(0))
	completed := 0
	for _, sample := range sorted {
		fmt.Fprintf(&path, "H%v", x.at(sample.LatencyMs))
		if !sample.Missed {
			completed++
			fmt.Fprintf(&path, "V%v", y.at(float64(completed)/float64(len(sorted))))
		}
	}
	return path.String()
}

// sequencePlot shows the failovers in their order: drift, outliers and misses, which a distribution hides.
func sequencePlot(mode Mode, rows []Row) plot {
	last := 0
	for _, row := range rows {
		last = max(last, row.Samples[len(row.Samples)-1].Number)
	}
	p := plot{
		Title: string(mode) + ": failovers in their order",
		X:     linearAxis("failover", float64(last+1), frameLeft, frameRight, countTicks(last)),
		Y:     latencyAxis(allLatencies(rows), frameBottom, frameTop),
	}
	for _, row := range rows {
		s := series{Who: row.Who}
		for _, sample := range row.Samples {
			if sample.Error == "" {
				s.Dots = append(s.Dots, point{p.X.at(float64(sample.Number)), p.Y.at(sample.LatencyMs)})
			}
		}
		p.Series = append(p.Series, s)
	}
	return p
}

func allLatencies(rows []Row) []float64 {
	var latencies []float64
	for _, row := range rows {
		latencies = append(latencies, row.latencies()...)
	}
	return latencies
}
