package leaderservice

import (
	"testing"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/test/gen"
)

func TestForeignSlicesAreForgottenWithTheirService(t *testing.T) {
	f := &foreignSlices{of: map[types.NamespacedName]int{}}
	f.set(gen.ShopWeb, 2)
	if f.total() != 2 {
		t.Errorf("got %v", f.total())
	}
	f.set(gen.ShopWeb, 0)
	if f.total() != 0 || len(f.of) != 0 {
		t.Error("something is remembered")
	}
}
