package report

import (
	"math"
	"slices"
	"time"
)

// Summary is the order statistics of a row, in milliseconds. All fields are nil when nothing was measured.
type Summary struct {
	MinMs *float64 `json:"minMs,omitempty"`
	P50Ms *float64 `json:"p50Ms,omitempty"`
	P90Ms *float64 `json:"p90Ms,omitempty"`
	P99Ms *float64 `json:"p99Ms,omitempty"`
	// The intervals are those of the percentiles, with 95 % confidence. They are nil when there are too few samples.
	P50Interval *Interval `json:"p50Interval,omitempty"`
	P90Interval *Interval `json:"p90Interval,omitempty"`
	P99Interval *Interval `json:"p99Interval,omitempty"`
	MaxMs       *float64  `json:"maxMs,omitempty"`
	MeanMs      *float64  `json:"meanMs,omitempty"`
}

// summarize returns the order statistics of latencies in milliseconds, in any order. Percentiles are by nearest rank: each is one of the
// latencies, never a value between two. With 50 samples, p99 is the largest.
func summarize(latencies []float64) Summary {
	if len(latencies) == 0 {
		return Summary{}
	}
	sorted := slices.Sorted(slices.Values(latencies))
	sum := 0.0
	for _, latency := range sorted {
		sum += latency
	}
	return Summary{
		MinMs:       new(sorted[0]),
		P50Ms:       new(nearestRank(sorted, 50)),
		P90Ms:       new(nearestRank(sorted, 90)),
		P99Ms:       new(nearestRank(sorted, 99)),
		P50Interval: interval(sorted, 50),
		P90Interval: interval(sorted, 90),
		P99Interval: interval(sorted, 99),
		MaxMs:       new(sorted[len(sorted)-1]),
		MeanMs:      new(math.Round(sum/float64(len(sorted))*1000) / 1000),
	}
}

// nearestRank returns a percentile of values that are sorted and not empty: the smallest of them that at least percent per cent of them
// do not exceed (rank ⌈percent/100 · n⌉). It computes with integers because 0.9 · 50 is not 45 in floating point.
func nearestRank(sorted []float64, percent int) float64 {
	rank := (percent*len(sorted) + 99) / 100
	return sorted[max(rank, 1)-1]
}

// ratio returns value ÷ floor, nil when either is missing or the floor is not positive.
func ratio(value, floor *float64) *float64 {
	if value == nil || floor == nil || *floor <= 0 {
		return nil
	}
	return new(*value / *floor)
}

// Milliseconds returns a duration as the report has it, to the microsecond.
func Milliseconds(d time.Duration) float64 {
	return float64(d.Microseconds()) / 1000
}
