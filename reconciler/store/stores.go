package store

import (
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	toolscache "k8s.io/client-go/tools/cache"

	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/informers"
)

// Stores has the informers' stores. The controllers read them directly, and not through the manager's client, because the client copies
// every object that it lists. The objects are shared and must not be modified.
type Stores struct {
	// Services, Pods and the EndpointSlices are those of the namespaces that are watched. A namespace's objects appear together, when all of its
	// informers are synced.
	Services, Pods, slices informers.Objects
	// selected has the slices that the EndpointSlice controller makes for leader Services (see KindSelectedSlices).
	selected informers.Objects
	// The following announce disruptions of pods (see package disruption), as do nodes.
	replicaSets, deployments, statefulSets, daemonSets informers.Objects

	Namespaces, nodes toolscache.Indexer
	// configMaps has the ConfigMap tanist-tuning, and states the ConfigMap tanist-state.
	configMaps, states toolscache.Indexer
	// replicas has the pods of this installation.
	replicas toolscache.Indexer
	// leaderServices has the metadata of the leader Services of the whole cluster; nil with only.
	leaderServices toolscache.Indexer
	// only are the namespaces that may be watched; nil for all.
	only sets.Set[string]
	// Leases has the Leases that Services follow.
	Leases *Leases
	// Installation is the namespace that this Tanist runs in. Leader Services name it.
	Installation string
}

// Seen returns the resource versions of a namespace's pods and Services up to which the informers have seen everything.
func (s *Stores) Seen(namespace string) leaderslice.Basis {
	return leaderslice.Basis{
		Pods:     s.Pods.In(namespace).LastStoreSyncResourceVersion(),
		Services: s.Services.In(namespace).LastStoreSyncResourceVersion(),
	}
}

// DeliveredPods returns the newest version of a pod of a namespace, or of a pod's deletion, that the informer has brought.
func (s *Stores) DeliveredPods(namespace string) string { return s.Pods.Delivered(namespace) }

// OlderReplicas reports whether any running replica of this installation does not know the rules about which replica may change what.
func (s *Stores) OlderReplicas() bool {
	return len(byIndex[*corev1.Pod](s.replicas, podsOlderReplicas, s.Installation)) > 0
}

// CountsAsOlder reports whether a pod is one that OlderReplicas counts. The pod may be nil.
func (s *Stores) CountsAsOlder(pod *corev1.Pod) bool {
	return pod != nil && pod.Namespace == s.Installation && isOlderReplica(pod)
}

// objectsTooLarge has the label kind, which is Pod, Service, EndpointSlice or ReplicaSet.
var objectsTooLarge = prometheus.NewDesc("tanist_objects_too_large",
	"Objects in the namespaces that this replica watches of which it keeps little more than the name, because they are too large.", []string{"kind"}, nil)

// Describe implements prometheus.Collector.
func (s *Stores) Describe(descriptions chan<- *prometheus.Desc) { descriptions <- objectsTooLarge }

// Collect implements prometheus.Collector.
func (s *Stores) Collect(metrics chan<- prometheus.Metric) {
	for kind, stores := range map[string][]informers.Objects{
		"Pod": {s.Pods}, "Service": {s.Services}, "EndpointSlice": {s.slices, s.selected}, "ReplicaSet": {s.replicaSets},
	} {
		count := 0
		for _, store := range stores {
			count += len(byIndex[metav1.Object](store, byTooLarge, ""))
		}
		metrics <- prometheus.MustNewConstMetric(objectsTooLarge, prometheus.GaugeValue, float64(count), kind)
	}
}
