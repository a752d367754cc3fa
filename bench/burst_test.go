package bench

import (
	"bytes"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/tanist-dev/tanist/bench/report"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestBurstNumbersSamplesByTheirRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := newSimulation(t, gen.RealNode("node-1"))
		options := quickOptions(func(o *Options) { o.Burst, o.Services, o.Failovers, o.Floor = true, 3, 2, false })
		measured, err := Run(t.Context(), cluster.clients(), options, NewConsole(&bytes.Buffer{}))
		if err != nil {
			t.Fatal(err)
		}
		got := map[report.Mode][]int{}
		for _, row := range measured.Rows {
			for _, sample := range row.Samples {
				got[row.Mode] = append(got[row.Mode], sample.Number)
			}
		}
		want := map[report.Mode][]int{report.ModeBurst: {1, 2}, report.ModeBurstEach: {1, 1, 1, 2, 2, 2}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("numbers (-want +got):\n%s", diff)
		}
	})
}
