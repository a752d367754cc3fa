package bench

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Sizes of a plot on the page.
const (
	plotWidth  = 16 * vg.Centimeter
	plotHeight = 8 * vg.Centimeter
)

// minPlotMs is the least latency a logarithmic axis shows; what is less is drawn there.
const minPlotMs = 0.1

// colorOf keeps a contender's colour the same in all plots.
func colorOf(who Who) color.RGBA {
	if who == WhoTanist {
		return color.RGBA{R: 0x0b, G: 0x6e, B: 0x4f, A: 0xff}
	}
	return color.RGBA{R: 0x8a, G: 0x8f, B: 0x98, A: 0xff}
}

// newPlot is an empty plot in the report's font.
func newPlot(title string) *plot.Plot {
	p := plot.New()
	face := font.Font{Typeface: "Liberation", Variant: "Sans"}
	for _, style := range []*draw.TextStyle{
		&p.Title.TextStyle, &p.X.Label.TextStyle, &p.Y.Label.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label, &p.Legend.TextStyle,
	} {
		size := style.Font.Size
		style.Font = face
		style.Font.Size = size
	}
	p.Title.Text, p.Title.Padding = title, vg.Points(6)
	p.X.Padding, p.Y.Padding = vg.Points(4), vg.Points(4)
	p.Legend.Top, p.Legend.Padding = true, vg.Points(3)
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = color.Gray{Y: 0xe6}, color.Gray{Y: 0xe6}
	p.Add(grid)
	return p
}

func (r Row) latencies() []float64 {
	var latencies []float64
	for _, sample := range r.Samples {
		if sample.Error == "" {
			latencies = append(latencies, sample.LatencyMs)
		}
	}
	return latencies
}

// decades marks a logarithmic axis at 1, 2 and 5 of every power of ten, in plain numbers.
type decades struct{}

func (decades) Ticks(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	for power := math.Floor(math.Log10(low)); power <= math.Ceil(math.Log10(high)); power++ {
		for _, digit := range []float64{1, 2, 5} {
			if value := digit * math.Pow(10, power); value >= low && value <= high {
				ticks = append(ticks, plot.Tick{Value: value, Label: strconv.FormatFloat(value, 'g', 6, 64)})
			}
		}
	}
	return ticks
}

// svg draws a plot for a page: without the XML declaration, with fonts that browsers have where the plot's own is missing.
func svg(p *plot.Plot) (string, error) {
	canvas := vgsvg.New(plotWidth, plotHeight)
	p.Draw(draw.New(canvas))
	var text bytes.Buffer
	if _, err := canvas.WriteTo(&text); err != nil {
		return "", fmt.Errorf("failed to draw plot: %w", err)
	}
	drawn := text.Bytes()
	if start := bytes.Index(drawn, []byte("<svg")); start > 0 {
		drawn = drawn[start:]
	}
	drawn = bytes.ReplaceAll(drawn, []byte("font-family:Liberation Sans;"), []byte("font-family:Liberation Sans,Arial,Helvetica,sans-serif;"))
	return string(drawn), nil
}
