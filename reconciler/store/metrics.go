package store

import (
	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"
)

// objectsTooLarge has the label kind, which is Pod, Service, EndpointSlice or ReplicaSet.
var objectsTooLarge = prometheus.NewDesc("tanist_objects_too_large",
	"Objects of the cluster of which this replica keeps little more than the name, because they are too large.", []string{"kind"}, nil)

// Describe implements prometheus.Collector.
func (s *Stores) Describe(descriptions chan<- *prometheus.Desc) { descriptions <- objectsTooLarge }

// Collect implements prometheus.Collector.
func (s *Stores) Collect(metrics chan<- prometheus.Metric) {
	for kind, stores := range map[string][]toolscache.Indexer{
		"Pod": {s.Pods}, "Service": {s.Services}, "EndpointSlice": {s.slices, s.selected}, "ReplicaSet": {s.replicaSets},
	} {
		count := 0
		for _, store := range stores {
			count += len(byIndex[metav1.Object](store, byTooLarge, ""))
		}
		metrics <- prometheus.MustNewConstMetric(objectsTooLarge, prometheus.GaugeValue, float64(count), kind)
	}
}
