package leaderservice

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
)

// foreignSlices counts the EndpointSlices that take leader Services' traffic and are left alone. Only the replica that holds the Lease
// counts any.
type foreignSlices struct {
	mu sync.Mutex
	// of has an entry for each Service that has such a slice; it goes when none is left.
	of map[types.NamespacedName]int
}

func newForeignSlices(registerer prometheus.Registerer) (*foreignSlices, error) {
	f := &foreignSlices{of: map[types.NamespacedName]int{}}
	return f, registerer.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "tanist_foreign_endpointslices",
		Help: "EndpointSlices that are not Tanist's and take traffic of leader Services past the leader, as the holder of the Lease sees it.",
	}, f.total))
}

func (f *foreignSlices) set(key types.NamespacedName, count int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if count == 0 {
		delete(f.of, key)
		return
	}
	f.of[key] = count
}

func (f *foreignSlices) total() float64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	total := 0
	for _, count := range f.of {
		total += count
	}
	return float64(total)
}
