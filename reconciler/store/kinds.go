package store

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/informers"
)

// The kinds that are watched in the namespaces that have opted in.
const (
	KindPods         = "pods"
	KindServices     = "services"
	KindReplicaSets  = "replicasets"
	KindDeployments  = "deployments"
	KindStatefulSets = "statefulsets"
	KindDaemonSets   = "daemonsets"
	// The EndpointSlices of leader Services are two kinds, because a label selector cannot say "or". KindSlices are all slices except those of the
	// EndpointSlice controller, which are most of a cluster's slices. KindSelectedSlices are those that the EndpointSlice controller makes for a
	// leader Service to which someone has given a selector. They are known by our label, which that controller copies from the Service.
	KindSlices         = "endpointslices"
	KindSelectedSlices = "selected-endpointslices"
)

// kinds returns what is watched in each namespace. The Services are the last, so that what their reconciliation depends on is known before.
func kinds() []informers.Kind {
	return []informers.Kind{
		{Name: KindPods, Object: &corev1.Pod{}, Field: unfinishedPods(), Indexers: podIndexers, Followed: true},
		{Name: KindReplicaSets, Object: replicaSetMetadata(), Indexers: replicaSetIndexers},
		{Name: KindDeployments, Object: &appsv1.Deployment{}},
		{Name: KindStatefulSets, Object: &appsv1.StatefulSet{}},
		{Name: KindDaemonSets, Object: &appsv1.DaemonSet{}},
		{Name: KindSlices, Object: &discoveryv1.EndpointSlice{}, Label: unselectedSlices(), Indexers: sliceIndexers},
		{Name: KindSelectedSlices, Object: &discoveryv1.EndpointSlice{}, Label: selectedSlices(), Indexers: sliceIndexers},
		{Name: KindServices, Object: &corev1.Service{}, Indexers: serviceIndexers},
	}
}

// unfinishedPods selects the pods that have not finished. A pod that fails or finishes disappears from the watch. The controllers handle that like a
// deletion.
func unfinishedPods() fields.Selector {
	return fields.AndSelectors(
		fields.OneTermNotEqualSelector("status.phase", string(corev1.PodSucceeded)),
		fields.OneTermNotEqualSelector("status.phase", string(corev1.PodFailed)),
	)
}

func unselectedSlices() labels.Selector {
	return labels.NewSelector().Add(requirement(discoveryv1.LabelManagedBy, selection.NotIn, leaderslice.EndpointSliceController))
}

func selectedSlices() labels.Selector {
	return labels.NewSelector().Add(
		requirement(discoveryv1.LabelManagedBy, selection.Equals, leaderslice.EndpointSliceController),
		requirement(config.SourceServiceKey, selection.Exists))
}

// requirement panics when the requirement is invalid. All keys and values here are constants.
func requirement(key string, operator selection.Operator, values ...string) labels.Requirement {
	made, err := labels.NewRequirement(key, operator, values)
	if err != nil {
		panic(err)
	}
	return *made
}

// NamespaceMetadata is what Tanist watches of Namespaces: their labels, and whether they are being deleted.
func NamespaceMetadata() *metav1.PartialObjectMetadata {
	meta := &metav1.PartialObjectMetadata{}
	meta.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	return meta
}

// replicaSetMetadata is what Tanist watches of ReplicaSets: their owners and revisions. The metadata is enough, and there are many: a
// Deployment keeps ten old ones by default.
func replicaSetMetadata() *metav1.PartialObjectMetadata {
	meta := &metav1.PartialObjectMetadata{}
	meta.SetGroupVersionKind(appsv1.SchemeGroupVersion.WithKind("ReplicaSet"))
	return meta
}

// serviceMetadata is what Tanist watches of the leader Services of the whole cluster.
func serviceMetadata() *metav1.PartialObjectMetadata {
	meta := &metav1.PartialObjectMetadata{}
	meta.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Service"))
	return meta
}
