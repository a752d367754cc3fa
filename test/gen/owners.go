package gen

import (
	"strconv"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func NodeNamed(name string, changes ...func(*corev1.Node)) *corev1.Node {
	return Changed(&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name + "-uid"), ResourceVersion: "50"}}, changes)
}

func Cordoned(node *corev1.Node) { node.Spec.Unschedulable = true }

func Tainted(key string) func(*corev1.Node) {
	return func(node *corev1.Node) { node.Spec.Taints = append(node.Spec.Taints, corev1.Taint{Key: key}) }
}

func Deleted(node *corev1.Node) {
	now := metav1.NewTime(T0)
	node.DeletionTimestamp = &now
}

// ShutDown is what a kubelet says when its node shuts down gracefully.
func ShutDown(node *corev1.Node) {
	node.Status.Conditions = append(node.Status.Conditions, corev1.NodeCondition{
		Type: corev1.NodeReady, Status: corev1.ConditionFalse, Reason: "KubeletNotReady", Message: "node is shutting down",
	})
}

// ReplicaSet is one of Deployment web's, with the hash of its own name. The younger it is the higher its letter or number.
func ReplicaSet(name string, revision int, changes ...func(*metav1.PartialObjectMetadata)) *metav1.PartialObjectMetadata {
	meta := &metav1.PartialObjectMetadata{}
	meta.SetGroupVersionKind(appsv1.SchemeGroupVersion.WithKind("ReplicaSet"))
	meta.ObjectMeta = metav1.ObjectMeta{
		Namespace: "shop", Name: name, UID: types.UID(name + "-uid"), ResourceVersion: "60",
		CreationTimestamp: metav1.NewTime(T0.Add(time.Duration(name[len(name)-1]) * time.Minute)),
		Annotations:       map[string]string{"deployment.kubernetes.io/revision": strconv.Itoa(revision)},
		OwnerReferences:   Controlled("apps/v1", "Deployment", "web-deployment"),
	}
	return Changed(meta, changes)
}

// Bare is a ReplicaSet that nobody controls.
func Bare(meta *metav1.PartialObjectMetadata) { meta.OwnerReferences = nil }

func WithoutRevision(meta *metav1.PartialObjectMetadata) { meta.Annotations = nil }

func Controlled(apiVersion, kind, name string) []metav1.OwnerReference {
	return []metav1.OwnerReference{{
		APIVersion: apiVersion, Kind: kind, Name: name, UID: types.UID(name + "-uid"), Controller: new(true),
	}}
}

// OwnedByReplicaSet is a pod of a Deployment's ReplicaSet.
func OwnedByReplicaSet(name string) func(*corev1.Pod) {
	return OwnedByKind("apps/v1", "ReplicaSet", name, "pod-template-hash", name)
}

// OwnedByKind is a pod of any owner, with one label.
func OwnedByKind(apiVersion, kind, name, key, value string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.OwnerReferences = Controlled(apiVersion, kind, name)
		if key != "" {
			pod.Labels[key] = value
		}
	}
}

func MadeAt(at time.Time) func(*corev1.Pod) {
	return func(pod *corev1.Pod) { pod.CreationTimestamp = metav1.NewTime(at) }
}

func OnNode(name string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) { pod.Spec.NodeName = name }
}

func StatefulSet(name string, replicas int32, newest string, changes ...func(*appsv1.StatefulSet)) *appsv1.StatefulSet {
	return Changed(&appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, UID: types.UID(name + "-uid"), ResourceVersion: "70"},
		Spec: appsv1.StatefulSetSpec{
			Replicas: &replicas, UpdateStrategy: appsv1.StatefulSetUpdateStrategy{Type: appsv1.RollingUpdateStatefulSetStrategyType},
		},
		Status: appsv1.StatefulSetStatus{UpdateRevision: newest},
	}, changes)
}

func WithPartition(n int32) func(*appsv1.StatefulSet) {
	return func(set *appsv1.StatefulSet) {
		set.Spec.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateStatefulSetStrategy{Partition: &n}
	}
}

func StartingAt(n int32) func(*appsv1.StatefulSet) {
	return func(set *appsv1.StatefulSet) { set.Spec.Ordinals = &appsv1.StatefulSetOrdinals{Start: n} }
}

func OnDelete(set *appsv1.StatefulSet) {
	set.Spec.UpdateStrategy.Type = appsv1.OnDeleteStatefulSetStrategyType
}

// OwnedByStatefulSet is a pod of StatefulSet db, with the index that its name has.
func OwnedByStatefulSet(revision string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		OwnedByKind("apps/v1", "StatefulSet", "db", "controller-revision-hash", revision)(pod)
		pod.Labels["apps.kubernetes.io/pod-index"] = strings.TrimPrefix(pod.Name, "db-")
	}
}

// Deployment is one that ReplicaSets may belong to; theirs is web-deployment.
func Deployment(name string, changes ...func(*appsv1.Deployment)) *appsv1.Deployment {
	return Changed(&appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, UID: types.UID(name + "-uid"), ResourceVersion: "80"},
	}, changes)
}

func Paused(deployment *appsv1.Deployment) { deployment.Spec.Paused = true }

// DaemonSet is one whose template has this generation.
func DaemonSet(name string, generation int, changes ...func(*appsv1.DaemonSet)) *appsv1.DaemonSet {
	return Changed(&appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: name, UID: types.UID(name + "-uid"), ResourceVersion: "90",
			Annotations: map[string]string{appsv1.DeprecatedTemplateGeneration: strconv.Itoa(generation)},
		},
		Spec: appsv1.DaemonSetSpec{UpdateStrategy: appsv1.DaemonSetUpdateStrategy{Type: appsv1.RollingUpdateDaemonSetStrategyType}},
	}, changes)
}

func DaemonsOnDelete(set *appsv1.DaemonSet) {
	set.Spec.UpdateStrategy.Type = appsv1.OnDeleteDaemonSetStrategyType
}

// OwnedByDaemonSet is a pod of DaemonSet agent, made of this generation of its template.
func OwnedByDaemonSet(hash string, generation int) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		OwnedByKind("apps/v1", "DaemonSet", "agent", "controller-revision-hash", hash)(pod)
		pod.Labels["pod-template-generation"] = strconv.Itoa(generation)
	}
}

// BeingDeleted is any owner whose deletion has begun.
func BeingDeleted[T metav1.Object](object T) {
	now := metav1.NewTime(T0)
	object.SetDeletionTimestamp(&now)
}
