package report

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecades(t *testing.T) {
	if diff := cmp.Diff([]float64{10, 20, 50, 100, 200, 500, 1000}, decades(8, 1200)); diff != "" {
		t.Errorf("ticks (-want +got):\n%s", diff)
	}
}

func TestCountTicks(t *testing.T) {
	tests := map[int][]float64{
		1: {0, 1}, 10: {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 11: {0, 2, 4, 6, 8, 10}, 50: {0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50},
	}
	for high, want := range tests {
		if diff := cmp.Diff(want, countTicks(high)); diff != "" {
			t.Errorf("ticks up to %d (-want +got):\n%s", high, diff)
		}
	}
}

func TestLatencyAxisIsLogarithmic(t *testing.T) {
	x := latencyAxis([]float64{1, 100}, 0, 100)
	if low, middle, high := x.at(1), x.at(10), x.at(100); low <= 0 || high >= 100 || middle != 50 {
		t.Errorf("1, 10 and 100 ms are at %v, %v and %v, want the second in the middle", low, middle, high)
	}
	if got := latencyAxis([]float64{-1, 100}, 0, 100); got.at(-1) != got.at(minPlotMs) {
		t.Errorf("a latency below zero is at %v, want %v", got.at(-1), got.at(minPlotMs))
	}
}

func TestLatencyAxisHasTicks(t *testing.T) {
	tests := map[string]struct {
		latencies []float64
		want      []string
	}{
		"1, 2 and 5 times the powers of ten":                      {latencies: []float64{9, 30}, want: []string{"10", "20"}},
		"the lowest and the highest if these are too few":         {latencies: []float64{30.5, 24, 26}, want: []string{"24", "30.5"}},
		"also if there is one":                                    {latencies: []float64{18, 21}, want: []string{"18", "21"}},
		"one if all latencies are the same":                       {latencies: []float64{27.04, 27.04}, want: []string{"27.04"}},
		"the lowest that can be drawn, if all are below the axis": {latencies: []float64{-1, 0}, want: []string{"0.1"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, tick := range latencyAxis(test.latencies, 0, 100).Ticks {
				got = append(got, tick.Label)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("ticks (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDistribution(t *testing.T) {
	x, y := linearAxis("", 100, 0, 100, nil), linearAxis("", 1, 90, 0, nil)
	tests := map[string]struct {
		samples []Sample
		want    string
	}{
		"all are completed":                      {samples: []Sample{{LatencyMs: 30}, {LatencyMs: 10}, {}}, want: "M0 90H0V60H10V30H30V0"},
		"the missed ones are never completed":    {samples: []Sample{{LatencyMs: 100, Missed: true}, {LatencyMs: 30}, {}}, want: "M0 90H0V60H30V30H100"},
		"nothing is completed if all are missed": {samples: []Sample{{LatencyMs: 100, Missed: true}}, want: "M100 90H100"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := distribution(test.samples, x, y); got != test.want {
				t.Errorf("path = %s, want %s", got, test.want)
			}
		})
	}
}
