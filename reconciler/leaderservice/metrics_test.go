package leaderservice

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/tanist-dev/tanist/test/gen"
)

func TestForeignSlicesForgetsServicesWithoutAny(t *testing.T) {
	f, err := newForeignSlices(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	f.set(gen.ShopWeb, 2)
	if err := testutil.CollectAndCompare(f, strings.NewReader(`
		# HELP tanist_foreign_endpointslices EndpointSlices that are not Tanist's and take traffic of the Service's leader Service past the leader, as counted by the holder of the Lease.
		# TYPE tanist_foreign_endpointslices gauge
		tanist_foreign_endpointslices{namespace="shop",service="web"} 2
	`)); err != nil {
		t.Error(err)
	}
	f.set(gen.ShopWeb, 0)
	if n := testutil.CollectAndCount(f); n != 0 || len(f.counts) != 0 {
		t.Error("a Service without such slices is remembered")
	}
	if problems, err := testutil.CollectAndLint(f); err != nil || len(problems) > 0 {
		t.Errorf("lint: %v %v", problems, err)
	}
}
