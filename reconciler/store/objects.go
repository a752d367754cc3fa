package store

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/trim"
)

// FromObjects returns stores with these objects, reduced as by the informers. The kubectl plugin uses them, which reads everything once.
// The objects then belong to the stores.
func FromObjects(objects ...metav1.Object) (*Stores, error) {
	s := empty()
	for _, object := range objects {
		reduced, err := trim.Transform(object)
		if err != nil {
			return nil, fmt.Errorf("failed to reduce %T %s: %w", object, object.GetName(), err)
		}
		if err := s.add(reduced); err != nil {
			return nil, fmt.Errorf("failed to store %T %s: %w", object, object.GetName(), err)
		}
	}
	return s, nil
}

// empty returns stores that no informer fills.
func empty() *Stores {
	newStore := func(indexers toolscache.Indexers) toolscache.Indexer {
		return toolscache.NewIndexer(toolscache.MetaNamespaceKeyFunc, indexers)
	}
	return &Stores{
		Namespaces: newStore(nil), Services: newStore(serviceIndexers), Pods: newStore(podIndexers),
		slices: newStore(sliceIndexers), selected: newStore(sliceIndexers), configMaps: newStore(nil), states: newStore(nil),
		nodes: newStore(nil), replicaSets: newStore(replicaSetIndexers), deployments: newStore(nil),
		statefulSets: newStore(nil), daemonSets: newStore(nil),
	}
}

// add adds an object to the store of its kind.
func (s *Stores) add(object any) error {
	into := s.Services
	switch object := object.(type) {
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
	return into.Add(object)
}
