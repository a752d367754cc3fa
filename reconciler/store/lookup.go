package store

import (
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/config"
)

// namespace returns the metadata of a Namespace, or nil.
func (s *Stores) namespace(name string) *metav1.PartialObjectMetadata {
	return get[*metav1.PartialObjectMetadata](s.Namespaces, name)
}

// Service returns a Service, or nil.
func (s *Stores) Service(key types.NamespacedName) *corev1.Service {
	return get[*corev1.Service](s.Services.In(key.Namespace), key.String())
}

// Slice returns an EndpointSlice that Kubernetes' own controller does not manage, or nil.
func (s *Stores) Slice(key types.NamespacedName) *discoveryv1.EndpointSlice {
	return get[*discoveryv1.EndpointSlice](s.slices.In(key.Namespace), key.String())
}

// Pod returns a pod, or nil.
func (s *Stores) Pod(key types.NamespacedName) *corev1.Pod {
	return get[*corev1.Pod](s.Pods.In(key.Namespace), key.String())
}

// PodsAt returns the pods that have an address, of all namespaces that are watched. Those in the host network have their node's.
func (s *Stores) PodsAt(address string) []*corev1.Pod {
	return byIndex[*corev1.Pod](s.Pods, podsByAddress, address)
}

// ConfigMap returns the ConfigMap tanist-tuning, or nil.
func (s *Stores) ConfigMap(key types.NamespacedName) *corev1.ConfigMap {
	return get[*corev1.ConfigMap](s.configMaps, key.String())
}

// State returns the ConfigMap tanist-state, or nil.
func (s *Stores) State(key types.NamespacedName) *corev1.ConfigMap {
	return get[*corev1.ConfigMap](s.states, key.String())
}

// Node returns a Node, or nil.
func (s *Stores) Node(name string) *corev1.Node {
	return get[*corev1.Node](s.nodes, name)
}

// ReplicaSet returns the metadata of a ReplicaSet, or nil.
func (s *Stores) ReplicaSet(key types.NamespacedName) *metav1.PartialObjectMetadata {
	return get[*metav1.PartialObjectMetadata](s.replicaSets.In(key.Namespace), key.String())
}

// StatefulSet returns a StatefulSet, or nil.
func (s *Stores) StatefulSet(key types.NamespacedName) *appsv1.StatefulSet {
	return get[*appsv1.StatefulSet](s.statefulSets.In(key.Namespace), key.String())
}

// DaemonSet returns a DaemonSet, or nil.
func (s *Stores) DaemonSet(key types.NamespacedName) *appsv1.DaemonSet {
	return get[*appsv1.DaemonSet](s.daemonSets.In(key.Namespace), key.String())
}

// Deployment returns a Deployment, or nil.
func (s *Stores) Deployment(key types.NamespacedName) *appsv1.Deployment {
	return get[*appsv1.Deployment](s.deployments.In(key.Namespace), key.String())
}

// ReplicaSetsOf returns the ReplicaSets that the object with this UID controls. It is in the same namespace.
func (s *Stores) ReplicaSetsOf(namespace string, owner types.UID) []*metav1.PartialObjectMetadata {
	return byIndex[*metav1.PartialObjectMetadata](s.replicaSets.In(namespace), byController, string(owner))
}

// PodsOf returns the pods that the object with this UID controls. It is in the same namespace.
func (s *Stores) PodsOf(namespace string, owner types.UID) []*corev1.Pod {
	return byIndex[*corev1.Pod](s.Pods.In(namespace), byController, string(owner))
}

// PodsOn returns the pods on a node, of all namespaces that are watched.
func (s *Stores) PodsOn(node string) []*corev1.Pod {
	return byIndex[*corev1.Pod](s.Pods, podsByNode, node)
}

// PodsSelectedBy returns the pods that a Service selects. Pods that have finished are not watched, so they are not among them.
func (s *Stores) PodsSelectedBy(service *corev1.Service) []*corev1.Pod {
	if len(service.Spec.Selector) == 0 {
		return nil
	}
	selector := labels.ValidatedSetSelector(service.Spec.Selector)
	pods := byIndex[*corev1.Pod](s.Pods.In(service.Namespace), podsByLabel, service.Namespace+"/"+rarestPair(service.Spec.Selector))
	return slices.DeleteFunc(pods, func(pod *corev1.Pod) bool { return !selector.Matches(labels.Set(pod.Labels)) })
}

// ServicesSelecting returns the Services with our annotation that select pods with these labels.
func (s *Stores) ServicesSelecting(namespace string, podLabels map[string]string) []*corev1.Service {
	var found []*corev1.Service
	for key, value := range podLabels {
		for _, service := range byIndex[*corev1.Service](s.Services.In(namespace), servicesBySelector, namespace+"/"+pair(key, value)) {
			if labels.ValidatedSetSelector(service.Spec.Selector).Matches(labels.Set(podLabels)) {
				found = append(found, service)
			}
		}
	}
	return found
}

// EnabledServices returns the Services of a namespace that have our annotation.
func (s *Stores) EnabledServices(namespace string) []*corev1.Service {
	return byIndex[*corev1.Service](s.Services.In(namespace), servicesEnabled, namespace)
}

// ServicesWanting returns the Services with our annotation that ask for a leader Service with this name.
func (s *Stores) ServicesWanting(leaderService types.NamespacedName) []*corev1.Service {
	wanting := byIndex[*corev1.Service](s.Services.In(leaderService.Namespace), servicesByLeaderService, leaderService.String())
	if name, isDefault := strings.CutSuffix(leaderService.Name, config.LeaderServiceSuffix); isDefault {
		source := s.Service(types.NamespacedName{Namespace: leaderService.Namespace, Name: name})
		if source != nil && wantedLeaderService(source) == leaderService.Name {
			wanting = append(wanting, source)
		}
	}
	return wanting
}

// SlicesOf returns the EndpointSlices whose label names a Service, those that one of its leader Services controls, and those that take the
// traffic of one.
func (s *Stores) SlicesOf(source types.NamespacedName, leaderServices []*corev1.Service) []*discoveryv1.EndpointSlice {
	unselected, selected := s.slices.In(source.Namespace), s.selected.In(source.Namespace)
	all := byIndex[*discoveryv1.EndpointSlice](unselected, bySource, source.String())
	for _, service := range leaderServices {
		all = appendMissing(all, byIndex[*discoveryv1.EndpointSlice](unselected, slicesByService, client.ObjectKeyFromObject(service).String())...)
		all = appendMissing(all, byIndex[*discoveryv1.EndpointSlice](selected, slicesByService, client.ObjectKeyFromObject(service).String())...)
		if service.UID != "" {
			all = appendMissing(all, byIndex[*discoveryv1.EndpointSlice](unselected, byController, string(service.UID))...)
		}
	}
	return all
}

// appendMissing appends the objects that all does not have yet.
func appendMissing[T comparable](all []T, more ...T) []T {
	for _, object := range more {
		if !slices.Contains(all, object) {
			all = append(all, object)
		}
	}
	return all
}

// get returns an object, or nil. GetByKey of these stores never returns an error.
func get[T any](store toolscache.Indexer, key string) (object T) {
	if found, exists, _ := store.GetByKey(key); exists {
		object, _ = found.(T)
	}
	return object
}

// OptedIn reports whether a namespace has the label, may opt in, and is not being deleted.
func (s *Stores) OptedIn(namespace string) bool {
	return s.labelled(namespace) && !config.NeverOptsIn(namespace, s.Installation) && s.MayOptIn(namespace)
}

// MayOptIn reports whether a namespace is one of those that alone may be watched. Without such a limit all are.
func (s *Stores) MayOptIn(namespace string) bool {
	return s.only == nil || s.only.Has(namespace)
}

// Excluded reports whether a namespace has the label and never opts in.
func (s *Stores) Excluded(namespace string) bool {
	return s.labelled(namespace) && config.NeverOptsIn(namespace, s.Installation)
}

// labelled reports whether a namespace has the label and is not being deleted.
func (s *Stores) labelled(namespace string) bool {
	meta := s.namespace(namespace)
	return meta != nil && meta.DeletionTimestamp == nil && config.Enabled(meta.Labels)
}

// Terminating reports whether a namespace is gone or being deleted.
func (s *Stores) Terminating(namespace string) bool {
	meta := s.namespace(namespace)
	return meta == nil || meta.DeletionTimestamp != nil
}
