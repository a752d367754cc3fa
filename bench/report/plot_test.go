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

func TestDistribution(t *testing.T) {
	x, y := linearAxis("", 100, 0, 100, nil), linearAxis("", 1, 90, 0, nil)
	want := "M0 90H0V60H10V30H30V0"
	if got := distribution([]float64{30, 10, 0}, x, y); got != want {
		t.Errorf("path = %s, want %s", got, want)
	}
}
