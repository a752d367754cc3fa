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

// NewFake returns stores of informers that have delivered these objects, for tests. It panics when an object has no name.
func NewFake(objects ...metav1.Object) *Stores {
	store := func(indexers toolscache.Indexers) toolscache.Indexer {
		return toolscache.NewIndexer(toolscache.MetaNamespaceKeyFunc, indexers)
	}
	v := &Stores{
		Namespaces: store(nil), Services: store(serviceIndexers), Pods: store(podIndexers), slices: store(sliceIndexers), selected: store(sliceIndexers), configMaps: store(nil),
		states: store(nil),
		nodes:  store(nil), replicaSets: store(replicaSetIndexers), statefulSets: store(nil), deployments: store(nil), daemonSets: store(nil),
		Installation: "tanist-system",
	}
	for _, object := range objects {
		into := v.Services
		switch object.(type) {
		case *corev1.Pod:
			into = v.Pods
		case *metav1.PartialObjectMetadata:
			into = v.Namespaces
			if object.GetNamespace() != "" {
				into = v.replicaSets
			}
		case *corev1.Node:
			into = v.nodes
		case *appsv1.StatefulSet:
			into = v.statefulSets
		case *discoveryv1.EndpointSlice:
			into = v.slices
			if object.GetLabels()[discoveryv1.LabelManagedBy] == leaderslice.EndpointSliceController {
				into = v.selected
			}
		case *appsv1.Deployment:
			into = v.deployments
		case *appsv1.DaemonSet:
			into = v.daemonSets
		case *corev1.ConfigMap:
			into = v.configMaps
			if object.GetName() == config.TuningState {
				into = v.states
			}
		}
		if err := into.Add(object); err != nil {
			panic(err)
		}
	}
	return v
}
