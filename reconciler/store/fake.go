package store

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
)

// NewFake returns stores for tests, as if informers had delivered these objects. It panics when an object cannot be stored.
func NewFake(objects ...metav1.Object) *Stores {
	newStore := func(indexers toolscache.Indexers) toolscache.Indexer {
		return toolscache.NewIndexer(toolscache.MetaNamespaceKeyFunc, indexers)
	}
	s := &Stores{
		Namespaces: newStore(nil), Services: newStore(serviceIndexers), Pods: newStore(podIndexers),
		slices: newStore(sliceIndexers), selected: newStore(sliceIndexers), configMaps: newStore(nil), states: newStore(nil),
		nodes: newStore(nil), replicaSets: newStore(replicaSetIndexers), deployments: newStore(nil),
		statefulSets: newStore(nil), daemonSets: newStore(nil),
		Installation: "tanist-system",
	}
	for _, object := range objects {
		into := s.Services
		switch object.(type) {
		case *corev1.Pod:
			into = s.Pods
		case *metav1.PartialObjectMetadata:
			into = s.Namespaces
			if object.GetNamespace() != "" {
				into = s.replicaSets
			}
		case *corev1.Node:
			into = s.nodes
		case *appsv1.StatefulSet:
			into = s.statefulSets
		case *discoveryv1.EndpointSlice:
			into = s.slices
			if object.GetLabels()[discoveryv1.LabelManagedBy] == leaderslice.EndpointSliceController {
				into = s.selected
			}
		case *appsv1.Deployment:
			into = s.deployments
		case *appsv1.DaemonSet:
			into = s.daemonSets
		case *corev1.ConfigMap:
			into = s.configMaps
			if object.GetName() == config.TuningState {
				into = s.states
			}
		}
		if err := into.Add(object); err != nil {
			panic(err)
		}
	}
	return s
}
