package leaderservice

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
)

// Operations on the API server, as the retry metrics name them.
const (
	opReadLive        = "read-live"
	opCreateService   = "create-service"
	opPatchService    = "patch-service"
	opApplyStatus     = "apply-service-status"
	opDeleteService   = "delete-service"
	opDeleteSlice     = "delete-slice"
	opDeleteEndpoints = "delete-endpoints"
)

// foreignSlices counts the EndpointSlices that are not Tanist's and take traffic of leader Services. Only the Lease holder counts them.
type foreignSlices struct {
	mu sync.Mutex
	// counts has an entry for each source Service whose leader Service has such slices.
	counts map[types.NamespacedName]int
}

func newForeignSlices(registerer prometheus.Registerer) (*foreignSlices, error) {
	f := &foreignSlices{counts: map[types.NamespacedName]int{}}
	return f, registerer.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "tanist_foreign_endpointslices",
		Help: "Number of EndpointSlices that are not Tanist's and take traffic of leader Services past the leader, as counted by the holder of the Lease.",
	}, f.total))
}

// newSlowedWrites returns the counter of the writes that had to wait because their Service had too many.
func newSlowedWrites(registerer prometheus.Registerer) (prometheus.Counter, error) {
	slowed := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "tanist_leader_service_writes_slowed_total",
		Help: "Times that a write for a leader Service had to wait because there were too many within seconds. The Event WritesSlowed says for which Service.",
	})
	return slowed, registerer.Register(slowed)
}

func (f *foreignSlices) set(key types.NamespacedName, count int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if count == 0 {
		delete(f.counts, key)
		return
	}
	f.counts[key] = count
}

func (f *foreignSlices) total() float64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	total := 0
	for _, count := range f.counts {
		total += count
	}
	return float64(total)
}
