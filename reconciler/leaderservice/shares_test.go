package leaderservice

import (
	"fmt"
	"testing"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
)

func TestANamespaceTakesNoMoreThanItsShare(t *testing.T) {
	enqueued := sets.New[types.NamespacedName]()
	s := newShares(func(key types.NamespacedName) { enqueued.Insert(key) })
	named := func(i int) types.NamespacedName { return types.NamespacedName{Namespace: "slow", Name: fmt.Sprint(i)} }
	for i := range 2 * sharePerNamespace {
		if got := s.tryAcquire(named(i)); got != (i < sharePerNamespace) {
			t.Errorf("Service %d may be reconciled: %t", i, got)
		}
	}
	if !s.tryAcquire(types.NamespacedName{Namespace: "fast", Name: "web"}) {
		t.Error("another namespace has to wait")
	}
	s.release("fast")
	for range sharePerNamespace { // those that waited come one after another, and take the places
		s.release("slow")
		key, found := enqueued.PopAny()
		if !found || enqueued.Len() > 0 || !s.tryAcquire(key) {
			t.Fatalf("%v and %d more are enqueued for one place", key, enqueued.Len())
		}
	}
	for range sharePerNamespace {
		s.release("slow")
	}
	if len(s.taken)+len(s.waiting)+enqueued.Len() > 0 {
		t.Errorf("%d namespaces, %d that wait and %d enqueued are left", len(s.taken), len(s.waiting), enqueued.Len())
	}
}
