package reconciler

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
)

// views are the stores of the informers. They are read directly, and not through the manager's client, because that copies every
// object it lists; what comes out of them is shared and must not be modified.
type views struct {
	namespaces, services, pods, slices, configMaps toolscache.Indexer
	// These tell of the pods' future (see outlook).
	nodes, replicaSets, deployments, statefulSets, daemonSets toolscache.Indexer
	// podsSeen is the newest resourceVersion that the informer of pods has received.
	podsSeen func() string
}

// newViews asks the cache for every informer that the controllers need, so that all are synced before anything is decided.
func newViews(ctx context.Context, informers ctrlcache.Informers) (*views, error) {
	v := &views{}
	for _, view := range []struct {
		of       client.Object
		into     *toolscache.Indexer
		indexers toolscache.Indexers
	}{
		{namespaceMetadata(), &v.namespaces, nil},
		{&corev1.Service{}, &v.services, serviceIndexers},
		{&corev1.Pod{}, &v.pods, podIndexers},
		{&discoveryv1.EndpointSlice{}, &v.slices, sliceIndexers},
		{&corev1.ConfigMap{}, &v.configMaps, nil},
		{&corev1.Node{}, &v.nodes, nil},
		{replicaSetMetadata(), &v.replicaSets, replicaSetIndexers},
		{&appsv1.Deployment{}, &v.deployments, nil},
		{&appsv1.StatefulSet{}, &v.statefulSets, nil},
		{&appsv1.DaemonSet{}, &v.daemonSets, nil},
	} {
		informer, err := informers.GetInformer(ctx, view.of, ctrlcache.BlockUntilSynced(false))
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
		if view.into == &v.pods {
			v.podsSeen = indexed.LastSyncResourceVersion
		}
	}
	return v, nil
}

// namespaceMetadata is what is watched of Namespaces: their labels and whether they are being deleted.
func namespaceMetadata() *metav1.PartialObjectMetadata {
	meta := &metav1.PartialObjectMetadata{}
	meta.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	return meta
}

// replicaSetMetadata is what is watched of ReplicaSets: whose they are, and which revision. A cluster keeps ten old ones for each
// Deployment.
func replicaSetMetadata() *metav1.PartialObjectMetadata {
	meta := &metav1.PartialObjectMetadata{}
	meta.SetGroupVersionKind(appsv1.SchemeGroupVersion.WithKind("ReplicaSet"))
	return meta
}

// namespace is nil when there is none of this name.
func (v *views) namespace(name string) *metav1.PartialObjectMetadata {
	return get[*metav1.PartialObjectMetadata](v.namespaces, name)
}

// service is nil when there is none of this name.
func (v *views) service(key types.NamespacedName) *corev1.Service {
	return get[*corev1.Service](v.services, key.String())
}

// pod is nil when there is none of this name.
func (v *views) pod(key types.NamespacedName) *corev1.Pod {
	return get[*corev1.Pod](v.pods, key.String())
}

// configMap is nil when there is none of this name.
func (v *views) configMap(key types.NamespacedName) *corev1.ConfigMap {
	return get[*corev1.ConfigMap](v.configMaps, key.String())
}

// node is nil when there is none of this name.
func (v *views) node(name string) *corev1.Node {
	return get[*corev1.Node](v.nodes, name)
}

// replicaSet is nil when there is none of this name.
func (v *views) replicaSet(key types.NamespacedName) *metav1.PartialObjectMetadata {
	return get[*metav1.PartialObjectMetadata](v.replicaSets, key.String())
}

// statefulSet is nil when there is none of this name.
func (v *views) statefulSet(key types.NamespacedName) *appsv1.StatefulSet {
	return get[*appsv1.StatefulSet](v.statefulSets, key.String())
}

// daemonSet is nil when there is none of this name.
func (v *views) daemonSet(key types.NamespacedName) *appsv1.DaemonSet {
	return get[*appsv1.DaemonSet](v.daemonSets, key.String())
}

// deployment is nil when there is none of this name.
func (v *views) deployment(key types.NamespacedName) *appsv1.Deployment {
	return get[*appsv1.Deployment](v.deployments, key.String())
}

// replicaSetsOf are those that the object with this UID controls.
func (v *views) replicaSetsOf(owner types.UID) []*metav1.PartialObjectMetadata {
	return byIndex[*metav1.PartialObjectMetadata](v.replicaSets, byController, string(owner))
}

// podsOf are the pods that the object with this UID controls.
func (v *views) podsOf(owner types.UID) []*corev1.Pod {
	return byIndex[*corev1.Pod](v.pods, byController, string(owner))
}

// podsOn are the pods on the node of this name.
func (v *views) podsOn(node string) []*corev1.Pod {
	return byIndex[*corev1.Pod](v.pods, podsByNode, node)
}

// selectedBy are the pods that a Service selects, without those that have finished.
func (v *views) selectedBy(service *corev1.Service) []*corev1.Pod {
	if len(service.Spec.Selector) == 0 {
		return nil
	}
	selector := labels.SelectorFromSet(service.Spec.Selector)
	pods := byIndex[*corev1.Pod](v.pods, podsByLabel, service.Namespace+"/"+firstPair(service.Spec.Selector))
	return slices.DeleteFunc(pods, func(pod *corev1.Pod) bool { return !selector.Matches(labels.Set(pod.Labels)) })
}

// selecting are the opted-in Services that select pods with these labels.
func (v *views) selecting(namespace string, podLabels map[string]string) []*corev1.Service {
	var found []*corev1.Service
	for key, value := range podLabels {
		for _, service := range byIndex[*corev1.Service](v.services, servicesBySelector, namespace+"/"+pair(key, value)) {
			if labels.SelectorFromSet(service.Spec.Selector).Matches(labels.Set(podLabels)) {
				found = append(found, service)
			}
		}
	}
	return found
}

// enabled are the Services in a namespace that have the annotation.
func (v *views) enabled(namespace string) []*corev1.Service {
	return byIndex[*corev1.Service](v.services, servicesEnabled, namespace)
}

// wanting are the Services that ask for a leader Service of this name.
func (v *views) wanting(leaderService types.NamespacedName) []*corev1.Service {
	return byIndex[*corev1.Service](v.services, servicesByLeaderService, leaderService.String())
}

// labelledFor are the Services whose labels say that they are leader Services of this one. Whether they are ours is another
// question.
func (v *views) labelledFor(source types.NamespacedName) []*corev1.Service {
	return byIndex[*corev1.Service](v.services, bySource, source.String())
}

// slicesLabelledFor are the EndpointSlices whose labels say that they were made for this Service.
func (v *views) slicesLabelledFor(source types.NamespacedName) []*discoveryv1.EndpointSlice {
	return byIndex[*discoveryv1.EndpointSlice](v.slices, bySource, source.String())
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

// optedIn reports whether a namespace has the label and is not being deleted.
func (v *views) optedIn(namespace string) bool {
	meta := v.namespace(namespace)
	return meta != nil && meta.DeletionTimestamp == nil && config.Enabled(meta.Labels)
}

// terminating reports whether a namespace is gone or being deleted.
func (v *views) terminating(namespace string) bool {
	meta := v.namespace(namespace)
	return meta == nil || meta.DeletionTimestamp != nil
}
