package informers

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// The values of the label state.
const (
	stateSynced = "synced"
	// stateSyncing is that of a namespace that cannot be read yet.
	stateSyncing = "syncing"
	// stateForbidden is that of a namespace in which a right is missing.
	stateForbidden = "forbidden"
)

var (
	watchedNamespaces = prometheus.NewDesc("tanist_watched_namespaces",
		"Namespaces that this replica watches one by one; none while it watches the whole cluster.", []string{"state"}, nil)
	watchesCluster = prometheus.NewDesc("tanist_watches_cluster",
		"Whether this replica watches the objects of all namespaces, because many have opted in.", nil, nil)
)

// Describe implements prometheus.Collector.
func (*Informers) Describe(descriptions chan<- *prometheus.Desc) {
	descriptions <- watchedNamespaces
	descriptions <- watchesCluster
}

// Collect implements prometheus.Collector.
func (i *Informers) Collect(metrics chan<- prometheus.Metric) {
	counts, cluster := i.states(time.Now())
	for _, state := range []string{stateSynced, stateSyncing, stateForbidden} {
		metrics <- prometheus.MustNewConstMetric(watchedNamespaces, prometheus.GaugeValue, float64(counts[state]), state)
	}
	metrics <- prometheus.MustNewConstMetric(watchesCluster, prometheus.GaugeValue, cluster)
}

// states returns how many namespaces are in each state, and 1 if the whole cluster can be read.
func (i *Informers) states(now time.Time) (counts map[string]int, cluster float64) {
	i.mu.Lock()
	defer i.mu.Unlock()
	counts = map[string]int{}
	for _, s := range i.byNamespace {
		switch {
		case s.refused(now):
			counts[stateForbidden]++
		case s.readable:
			counts[stateSynced]++
		default:
			counts[stateSyncing]++
		}
	}
	if i.all != nil && i.all.readable {
		cluster = 1
	}
	return counts, cluster
}
