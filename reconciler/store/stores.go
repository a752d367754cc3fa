package store

import (
	"context"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	ctrlcache "sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
)

// Stores are the stores of the informers. They are read directly, and not through the manager's client, because that copies every
// object it lists; what comes out of them is shared and must not be modified.
type Stores struct {
	Namespaces, Services, Pods, slices, configMaps toolscache.Indexer
	// states has the ConfigMap tanist-state.
	states toolscache.Indexer
	// selected are slices of the EndpointSlice controller (see selectedslices.go).
	selected toolscache.Indexer
	// These tell of the pods' future (see outlook).
	nodes, replicaSets, deployments, statefulSets, daemonSets toolscache.Indexer
	// Installation is the namespace of this Tanist, which leader Services name.
	Installation string
}

// New asks the cache for every informer that the controllers need, so that all are synced before anything is decided.
func New(ctx context.Context, informers, selected, states ctrlcache.Informers, installation string) (*Stores, error) {
	v := &Stores{Installation: installation}
	for _, view := range []struct {
		from     ctrlcache.Informers
		of       client.Object
		into     *toolscache.Indexer
		indexers toolscache.Indexers
	}{
		{selected, &discoveryv1.EndpointSlice{}, &v.selected, sliceIndexers},
		{states, &corev1.ConfigMap{}, &v.states, nil},
		{informers, NamespaceMetadata(), &v.Namespaces, nil},
		{informers, &corev1.Service{}, &v.Services, serviceIndexers},
		{informers, &corev1.Pod{}, &v.Pods, podIndexers},
		{informers, &discoveryv1.EndpointSlice{}, &v.slices, sliceIndexers},
		{informers, &corev1.ConfigMap{}, &v.configMaps, nil},
		{informers, &corev1.Node{}, &v.nodes, nil},
		{informers, ReplicaSetMetadata(), &v.replicaSets, replicaSetIndexers},
		{informers, &appsv1.Deployment{}, &v.deployments, nil},
		{informers, &appsv1.StatefulSet{}, &v.statefulSets, nil},
		{informers, &appsv1.DaemonSet{}, &v.daemonSets, nil},
	} {
		informer, err := view.from.GetInformer(ctx, view.of, ctrlcache.BlockUntilSynced(false))
		if err != nil {
			return nil, fmt.Errorf("failed to get informer for %T: %w", view.of, err)
		}
		if err := informer.AddIndexers(view.indexers); err != nil {
			return nil, fmt.Errorf("failed to index %T: %w", view.of, err)
		}
		indexed, ok := informer.(toolscache.SharedIndexInformer)
		if !ok {
			return nil, fmt.Errorf("failed to read informer for %T: %T has no store", view.of, informer)
		}
		*view.into = indexed.GetIndexer()
	}
	return v, nil
}

// Seen is how much the informers have seen of the pods and the Services: all that happened until these versions.
func (v *Stores) Seen() leaderslice.Basis {
	return leaderslice.Basis{Pods: v.Pods.LastStoreSyncResourceVersion(), Services: v.Services.LastStoreSyncResourceVersion()}
}

// OlderReplicas reports whether pods of Tanist run, in this installation, that do not know who may change what.
func (v *Stores) OlderReplicas() bool {
	return len(byIndex[*corev1.Pod](v.Pods, podsOlderReplicas, v.Installation)) > 0
}

// NamespaceMetadata is what is watched of Namespaces: their labels and whether they are being deleted.
func NamespaceMetadata() *metav1.PartialObjectMetadata {
	meta := &metav1.PartialObjectMetadata{}
	meta.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	return meta
}

// ReplicaSetMetadata is what is watched of ReplicaSets: whose they are, and which revision. A cluster keeps ten old ones for each
// Deployment.
func ReplicaSetMetadata() *metav1.PartialObjectMetadata {
	meta := &metav1.PartialObjectMetadata{}
	meta.SetGroupVersionKind(appsv1.SchemeGroupVersion.WithKind("ReplicaSet"))
	return meta
}

// namespace is nil when there is none of this name.
func (v *Stores) namespace(name string) *metav1.PartialObjectMetadata {
	return get[*metav1.PartialObjectMetadata](v.Namespaces, name)
}

// Service is nil when there is none of this name.
func (v *Stores) Service(key types.NamespacedName) *corev1.Service {
	return get[*corev1.Service](v.Services, key.String())
}

// Pod is nil when there is none of this name.
func (v *Stores) Pod(key types.NamespacedName) *corev1.Pod {
	return get[*corev1.Pod](v.Pods, key.String())
}

// ConfigMap is nil when there is none of this name.
func (v *Stores) ConfigMap(key types.NamespacedName) *corev1.ConfigMap {
	return get[*corev1.ConfigMap](v.configMaps, key.String())
}

// State is the ConfigMap tanist-state; nil when there is none.
func (v *Stores) State(key types.NamespacedName) *corev1.ConfigMap {
	return get[*corev1.ConfigMap](v.states, key.String())
}

// Node is nil when there is none of this name.
func (v *Stores) Node(name string) *corev1.Node {
	return get[*corev1.Node](v.nodes, name)
}

// ReplicaSet is nil when there is none of this name.
func (v *Stores) ReplicaSet(key types.NamespacedName) *metav1.PartialObjectMetadata {
	return get[*metav1.PartialObjectMetadata](v.replicaSets, key.String())
}

// StatefulSet is nil when there is none of this name.
func (v *Stores) StatefulSet(key types.NamespacedName) *appsv1.StatefulSet {
	return get[*appsv1.StatefulSet](v.statefulSets, key.String())
}

// DaemonSet is nil when there is none of this name.
func (v *Stores) DaemonSet(key types.NamespacedName) *appsv1.DaemonSet {
	return get[*appsv1.DaemonSet](v.daemonSets, key.String())
}

// Deployment is nil when there is none of this name.
func (v *Stores) Deployment(key types.NamespacedName) *appsv1.Deployment {
	return get[*appsv1.Deployment](v.deployments, key.String())
}

// ReplicaSetsOf are those that the object with this UID controls.
func (v *Stores) ReplicaSetsOf(owner types.UID) []*metav1.PartialObjectMetadata {
	return byIndex[*metav1.PartialObjectMetadata](v.replicaSets, byController, string(owner))
}

// PodsOf are the pods that the object with this UID controls.
func (v *Stores) PodsOf(owner types.UID) []*corev1.Pod {
	return byIndex[*corev1.Pod](v.Pods, byController, string(owner))
}

// PodsOn are the pods on the node of this name.
func (v *Stores) PodsOn(node string) []*corev1.Pod {
	return byIndex[*corev1.Pod](v.Pods, podsByNode, node)
}

// SelectedBy are the pods that a Service selects, without those that have finished.
func (v *Stores) SelectedBy(service *corev1.Service) []*corev1.Pod {
	if len(service.Spec.Selector) == 0 {
		return nil
	}
	selector := labels.SelectorFromSet(service.Spec.Selector)
	pods := byIndex[*corev1.Pod](v.Pods, podsByLabel, service.Namespace+"/"+firstPair(service.Spec.Selector))
	return slices.DeleteFunc(pods, func(pod *corev1.Pod) bool { return !selector.Matches(labels.Set(pod.Labels)) })
}

// Selecting are the opted-in Services that select pods with these labels.
func (v *Stores) Selecting(namespace string, podLabels map[string]string) []*corev1.Service {
	var found []*corev1.Service
	for key, value := range podLabels {
		for _, service := range byIndex[*corev1.Service](v.Services, servicesBySelector, namespace+"/"+pair(key, value)) {
			if labels.SelectorFromSet(service.Spec.Selector).Matches(labels.Set(podLabels)) {
				found = append(found, service)
			}
		}
	}
	return found
}

// Enabled are the Services in a namespace that have the annotation.
func (v *Stores) Enabled(namespace string) []*corev1.Service {
	return byIndex[*corev1.Service](v.Services, servicesEnabled, namespace)
}

// Wanting are the Services that ask for a leader Service of this name.
func (v *Stores) Wanting(leaderService types.NamespacedName) []*corev1.Service {
	return byIndex[*corev1.Service](v.Services, servicesByLeaderService, leaderService.String())
}

// SlicesOf are the EndpointSlices that say they were made for a Service, and those that one of its leader Services controls or that take
// its traffic.
func (v *Stores) SlicesOf(source types.NamespacedName, leaderServices []*corev1.Service) []*discoveryv1.EndpointSlice {
	all := byIndex[*discoveryv1.EndpointSlice](v.slices, bySource, source.String())
	for _, service := range leaderServices {
		all = appendMissing(all, byIndex[*discoveryv1.EndpointSlice](v.slices, slicesByService, client.ObjectKeyFromObject(service).String())...)
		all = appendMissing(all, byIndex[*discoveryv1.EndpointSlice](v.selected, slicesByService, client.ObjectKeyFromObject(service).String())...)
		if service.UID != "" {
			all = appendMissing(all, byIndex[*discoveryv1.EndpointSlice](v.slices, byController, string(service.UID))...)
		}
	}
	return all
}

// appendMissing appends the objects that are not there yet.
func appendMissing[T comparable](all []T, more ...T) []T {
	for _, object := range more {
		if !slices.Contains(all, object) {
			all = append(all, object)
		}
	}
	return all
}

// get never fails: the key function of these stores is the key itself.
func get[T any](store toolscache.Indexer, key string) (object T) {
	if found, exists, _ := store.GetByKey(key); exists {
		object, _ = found.(T)
	}
	return object
}

// byIndex only fails for an index that newViews did not add.
func byIndex[T any](store toolscache.Indexer, index, value string) []T {
	found, err := store.ByIndex(index, value)
	if err != nil {
		panic(err)
	}
	objects := make([]T, 0, len(found))
	for _, object := range found {
		if typed, ok := object.(T); ok {
			objects = append(objects, typed)
		}
	}
	return objects
}

// OptedIn reports whether a namespace has the label and is not being deleted.
func (v *Stores) OptedIn(namespace string) bool {
	meta := v.namespace(namespace)
	return meta != nil && meta.DeletionTimestamp == nil && config.Enabled(meta.Labels)
}

// Terminating reports whether a namespace is gone or being deleted.
func (v *Stores) Terminating(namespace string) bool {
	meta := v.namespace(namespace)
	return meta == nil || meta.DeletionTimestamp != nil
}
