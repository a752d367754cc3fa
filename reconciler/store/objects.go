package store

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	toolscache "k8s.io/client-go/tools/cache"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/informers"
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
	static := func(indexers toolscache.Indexers) informers.Static {
		return informers.Static{Indexer: newStore(indexers)}
	}
	return &Stores{
		Leases:   staticLeases(),
		Services: static(serviceIndexers), Pods: static(podIndexers), slices: static(sliceIndexers), selected: static(sliceIndexers),
		replicaSets: static(replicaSetIndexers), deployments: static(nil), statefulSets: static(nil), daemonSets: static(nil),
		Namespaces: newStore(nil), nodes: newStore(nil), configMaps: newStore(nil), states: newStore(nil), replicas: newStore(podIndexers),
	}
}

// add adds an object to the store of its kind.
func (s *Stores) add(object any) error {
	namespace := ""
	if named, ok := object.(metav1.Object); ok {
		namespace = named.GetNamespace()
	}
	into := s.Services.In(namespace)
	switch object := object.(type) {
	case *corev1.Pod:
		if object.Labels[config.ReplicaNameKey] == config.ReplicaName {
			if err := s.replicas.Add(object); err != nil {
				return err
			}
		}
		into = s.Pods.In(namespace)
	case *metav1.PartialObjectMetadata:
		into = s.Namespaces
		if namespace != "" {
			into = s.replicaSets.In(namespace)
		}
	case *corev1.Node:
		into = s.nodes
	case *appsv1.StatefulSet:
		into = s.statefulSets.In(namespace)
	case *discoveryv1.EndpointSlice:
		into = s.slices.In(namespace)
		if object.GetLabels()[discoveryv1.LabelManagedBy] == leaderslice.EndpointSliceController {
			into = s.selected.In(namespace)
		}
	case *appsv1.Deployment:
		into = s.deployments.In(namespace)
	case *appsv1.DaemonSet:
		into = s.daemonSets.In(namespace)
	case *corev1.ConfigMap:
		into = s.configMaps
		if object.GetName() == config.TuningState {
			into = s.states
		}
	}
	return into.Add(object)
}

// NewFake returns stores for tests, as if informers had delivered these objects. It panics when an object cannot be stored.
func NewFake(objects ...metav1.Object) *Stores {
	s := empty()
	s.Installation = "tanist-system"
	for _, object := range objects {
		if err := s.add(object); err != nil {
			panic(err)
		}
	}
	return s
}

// NewFakeOnly returns empty stores of an installation for some namespaces only.
func NewFakeOnly(namespaces ...string) *Stores {
	s := NewFake()
	s.only = sets.New(namespaces...)
	return s
}

// Fake returns the store behind objects of NewFake, for tests that change it.
func Fake(objects informers.Objects) toolscache.Indexer {
	return objects.(informers.Static).Indexer
}
