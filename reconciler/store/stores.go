package store

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"
	ctrlcache "sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/leaderslice"
)

// Stores has the informers' stores. The controllers read them directly, and not through the manager's client, because the client copies
// every object that it lists. The objects are shared and must not be modified.
type Stores struct {
	Namespaces, Services, Pods, slices, configMaps toolscache.Indexer
	// states has the ConfigMap tanist-state.
	states toolscache.Indexer
	// selected has the slices that the EndpointSlice controller makes for leader Services (see caches.go).
	selected toolscache.Indexer
	// The following announce disruptions of pods (see package disruption).
	nodes, replicaSets, deployments, statefulSets, daemonSets toolscache.Indexer
	// deliveredPods is up to which version events have brought pods.
	deliveredPods *delivered
	// Installation is the namespace that this Tanist runs in. Leader Services name it.
	Installation string
}

// New makes every informer that the controllers need. So all of them are synced before a controller starts.
func New(ctx context.Context, informers, selected, states ctrlcache.Informers, installation string) (*Stores, error) {
	s := &Stores{Installation: installation}
	for _, informed := range []struct {
		from     ctrlcache.Informers
		kind     client.Object
		into     *toolscache.Indexer
		indexers toolscache.Indexers
	}{
		{selected, &discoveryv1.EndpointSlice{}, &s.selected, sliceIndexers},
		{states, &corev1.ConfigMap{}, &s.states, nil},
		{informers, NamespaceMetadata(), &s.Namespaces, nil},
		{informers, &corev1.Service{}, &s.Services, serviceIndexers},
		{informers, &corev1.Pod{}, &s.Pods, podIndexers},
		{informers, &discoveryv1.EndpointSlice{}, &s.slices, sliceIndexers},
		{informers, &corev1.ConfigMap{}, &s.configMaps, nil},
		{informers, &corev1.Node{}, &s.nodes, nil},
		{informers, ReplicaSetMetadata(), &s.replicaSets, replicaSetIndexers},
		{informers, &appsv1.Deployment{}, &s.deployments, nil},
		{informers, &appsv1.StatefulSet{}, &s.statefulSets, nil},
		{informers, &appsv1.DaemonSet{}, &s.daemonSets, nil},
	} {
		informer, err := informed.from.GetInformer(ctx, informed.kind, ctrlcache.BlockUntilSynced(false))
		if err != nil {
			return nil, fmt.Errorf("failed to get informer for %T: %w", informed.kind, err)
		}
		if err := informer.AddIndexers(informed.indexers); err != nil {
			return nil, fmt.Errorf("failed to index %T: %w", informed.kind, err)
		}
		indexed, ok := informer.(toolscache.SharedIndexInformer)
		if !ok {
			return nil, fmt.Errorf("failed to get store of informer for %T: %T has none", informed.kind, informer)
		}
		*informed.into = indexed.GetIndexer()
		if informed.into == &s.Pods {
			s.deliveredPods = &delivered{store: s.Pods}
			if _, err := informer.AddEventHandler(s.deliveredPods); err != nil {
				return nil, fmt.Errorf("failed to follow versions of pods: %w", err)
			}
		}
	}
	return s, nil
}

// Seen returns the resource versions of pods and Services up to which the informers have seen everything.
func (s *Stores) Seen() leaderslice.Basis {
	return leaderslice.Basis{Pods: s.Pods.LastStoreSyncResourceVersion(), Services: s.Services.LastStoreSyncResourceVersion()}
}

// DeliveredPods returns the newest version of a pod, or of a pod's deletion, that the informer has brought.
func (s *Stores) DeliveredPods() string {
	if s.deliveredPods == nil {
		return s.Pods.LastStoreSyncResourceVersion()
	}
	return s.deliveredPods.version()
}

// OlderReplicas reports whether any running replica of this installation does not know the rules about which replica may change what.
func (s *Stores) OlderReplicas() bool {
	return len(byIndex[*corev1.Pod](s.Pods, podsOlderReplicas, s.Installation)) > 0
}

// CountsAsOlder reports whether a pod is one that OlderReplicas counts. The pod may be nil.
func (s *Stores) CountsAsOlder(pod *corev1.Pod) bool {
	return pod != nil && pod.Namespace == s.Installation && isOlderReplica(pod)
}

// NamespaceMetadata is what Tanist watches of Namespaces: their labels, and whether they are being deleted.
func NamespaceMetadata() *metav1.PartialObjectMetadata {
	meta := &metav1.PartialObjectMetadata{}
	meta.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	return meta
}

// ReplicaSetMetadata is what Tanist watches of ReplicaSets: their owners and revisions. The metadata is enough, and there are many: a
// Deployment keeps ten old ones by default.
func ReplicaSetMetadata() *metav1.PartialObjectMetadata {
	meta := &metav1.PartialObjectMetadata{}
	meta.SetGroupVersionKind(appsv1.SchemeGroupVersion.WithKind("ReplicaSet"))
	return meta
}
