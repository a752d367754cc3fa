package report

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestIntervalRanks(t *testing.T) {
	type ranks struct{ From, To int }
	tests := map[string]struct {
		count    int
		quantile float64
		want     ranks
	}{
		// The ranks for medians are those of published tables. All were computed with fractions.
		"five values are too few for a median":          {5, 0.5, ranks{0, 6}},
		"six are enough: it is among them":              {6, 0.5, ranks{1, 6}},
		"the median of 10":                              {10, 0.5, ranks{2, 9}},
		"the median of 20":                              {20, 0.5, ranks{6, 15}},
		"the median of 25":                              {25, 0.5, ranks{8, 18}},
		"the median of 30":                              {30, 0.5, ranks{10, 21}},
		"the median of 50":                              {50, 0.5, ranks{18, 33}},
		"the median of 100":                             {100, 0.5, ranks{40, 61}},
		"the median of more than factors have room for": {1500, 0.5, ranks{712, 789}},
		"35 values are too few for p90":                 {35, 0.9, ranks{28, 36}},
		"36 are enough":                                 {36, 0.9, ranks{29, 36}},
		"p90 of 50":                                     {50, 0.9, ranks{41, 50}},
		"p90 of 300":                                    {300, 0.9, ranks{259, 281}},
		"367 values are too few for p99":                {367, 0.99, ranks{359, 368}},
		"368 are enough":                                {368, 0.99, ranks{360, 368}},
		"no values":                                     {0, 0.5, ranks{0, 1}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			from, to := intervalRanks(test.count, test.quantile)
			if diff := cmp.Diff(test.want, ranks{from, to}); diff != "" {
				t.Errorf("ranks (-want +got):\n%s", diff)
			}
		})
	}
}

func TestInterval(t *testing.T) {
	ten := []float64{1, 2, 3, 5, 8, 13, 21, 34, 55, 89}
	tests := map[string]struct {
		sorted  []float64
		percent int
		want    *Interval
	}{
		"the ends are values":            {ten, 50, &Interval{FromMs: 2, ToMs: 55}},
		"too few values above":           {ten, 90, nil},
		"too few values below and above": {ten[:5], 50, nil},
		"no values":                      {nil, 50, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, interval(test.sorted, test.percent)); diff != "" {
				t.Errorf("interval (-want +got):\n%s", diff)
			}
		})
	}
}
