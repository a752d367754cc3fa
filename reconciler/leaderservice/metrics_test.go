package leaderservice

import (
	"testing"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/test/gen"
)

func TestForeignSlicesForgetsServicesWithoutAny(t *testing.T) {
	f := &foreignSlices{counts: map[types.NamespacedName]int{}}
	f.set(gen.ShopWeb, 2)
	if f.total() != 2 {
		t.Errorf("got %v, want 2", f.total())
	}
	f.set(gen.ShopWeb, 0)
	if f.total() != 0 || len(f.counts) != 0 {
		t.Error("a Service without such slices is remembered")
	}
}
