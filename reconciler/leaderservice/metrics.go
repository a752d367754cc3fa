package leaderservice

import (
	"maps"
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

// The labels are a source Service whose leader Service has such slices. Others have no series.
var foreignSlicesDesc = prometheus.NewDesc("tanist_foreign_endpointslices",
	"EndpointSlices that are not Tanist's and take traffic of the Service's leader Service past the leader, as counted by the holder of the Lease.",
	[]string{"namespace", "service"}, nil)

func newForeignSlices(registerer prometheus.Registerer) (*foreignSlices, error) {
	f := &foreignSlices{counts: map[types.NamespacedName]int{}}
	return f, registerer.Register(f)
}

// Describe implements prometheus.Collector.
func (f *foreignSlices) Describe(descs chan<- *prometheus.Desc) {
	descs <- foreignSlicesDesc
}

// Collect implements prometheus.Collector.
func (f *foreignSlices) Collect(out chan<- prometheus.Metric) {
	f.mu.Lock()
	counts := maps.Clone(f.counts) // the reader of the channel may be slow
	f.mu.Unlock()
	for key, count := range counts {
		out <- prometheus.MustNewConstMetric(foreignSlicesDesc, prometheus.GaugeValue, float64(count), key.Namespace, key.Name)
	}
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
