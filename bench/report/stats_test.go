package report

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestNearestRank(t *testing.T) {
	ten := []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	fifty := make([]float64, 50)
	for i := range fifty {
		fifty[i] = float64(i + 1)
	}
	tests := map[string]struct {
		sorted  []float64
		percent int
		want    float64
	}{
		"the median of one value is that value":             {[]float64{7}, 50, 7},
		"the median of an even number is the lower middle":  {ten, 50, 5},
		"p90 of ten leaves one above":                       {ten, 90, 9},
		"p99 of ten is the largest":                         {ten, 99, 10},
		"p90 of fifty is the 45th, without rounding errors": {fifty, 90, 45},
		"p99 of fifty is the largest":                       {fifty, 99, 50},
		"p0 is the smallest":                                {ten, 0, 1},
		"p100 is the largest":                               {ten, 100, 10},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := nearestRank(test.sorted, test.percent); got != test.want {
				t.Errorf("nearestRank(%v, %d) = %v, want %v", test.sorted, test.percent, got, test.want)
			}
		})
	}
}

func TestSummarize(t *testing.T) {
	tests := map[string]struct {
		latencies []float64
		want      Summary
	}{
		"nothing measured has no statistics": {nil, Summary{}},
		"latencies come in any order": {
			[]float64{30, 10, 20, 40},
			Summary{
				MinMs: new(10.0), P50Ms: new(20.0), P90Ms: new(40.0), P99Ms: new(40.0), MaxMs: new(40.0), MeanMs: new(25.0),
			},
		},
		"six of them give the median an interval": {
			[]float64{30, 10, 20, 40, 60, 50},
			Summary{
				MinMs: new(10.0), P50Ms: new(30.0), P90Ms: new(60.0), P99Ms: new(60.0), MaxMs: new(60.0), MeanMs: new(35.0),
				P50Interval: &Interval{FromMs: 10, ToMs: 60},
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, summarize(test.latencies)); diff != "" {
				t.Errorf("summary (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSummarizeKeepsItsArgument(t *testing.T) {
	latencies := []float64{3, 1, 2}
	summarize(latencies)
	if diff := cmp.Diff([]float64{3, 1, 2}, latencies); diff != "" {
		t.Errorf("argument (-want +got):\n%s", diff)
	}
}

func TestRatio(t *testing.T) {
	tests := map[string]struct {
		value, floor, want *float64
	}{
		"Tanist beside the floor":       {new(30.0), new(20.0), new(1.5)},
		"no floor, no ratio":            {new(30.0), nil, nil},
		"nothing measured, no ratio":    {nil, new(20.0), nil},
		"a floor of zero has no ratio":  {new(30.0), new(0.0), nil},
		"a floor below zero has no one": {new(30.0), new(-1.0), nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, ratio(test.value, test.floor)); diff != "" {
				t.Errorf("ratio (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMillisecondsKeepsMicroseconds(t *testing.T) {
	if got := Milliseconds(1234567 * time.Nanosecond); got != 1.234 {
		t.Errorf("Milliseconds = %v, want 1.234", got)
	}
}
