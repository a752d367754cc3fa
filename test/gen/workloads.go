package gen

import (
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// ReplicaSet returns a ReplicaSet of Deployment web. The last character of its name sets its age: a higher one is younger.
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

// Bare removes the owner of a ReplicaSet.
func Bare(meta *metav1.PartialObjectMetadata) { meta.OwnerReferences = nil }

// WithoutRevision removes the revision of a ReplicaSet.
func WithoutRevision(meta *metav1.PartialObjectMetadata) { meta.Annotations = nil }

// StatefulSet returns a StatefulSet whose newest revision is given.
func StatefulSet(name string, replicas int32, newest string, changes ...func(*appsv1.StatefulSet)) *appsv1.StatefulSet {
	return Changed(&appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, UID: types.UID(name + "-uid"), ResourceVersion: "70"},
		Spec: appsv1.StatefulSetSpec{
			Replicas: &replicas, UpdateStrategy: appsv1.StatefulSetUpdateStrategy{Type: appsv1.RollingUpdateStatefulSetStrategyType},
		},
		Status: appsv1.StatefulSetStatus{UpdateRevision: newest},
	}, changes)
}

// WithPartition sets a StatefulSet's partition.
func WithPartition(n int32) func(*appsv1.StatefulSet) {
	return func(set *appsv1.StatefulSet) {
		set.Spec.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateStatefulSetStrategy{Partition: &n}
	}
}

// StartingAt sets a StatefulSet's first ordinal.
func StartingAt(n int32) func(*appsv1.StatefulSet) {
	return func(set *appsv1.StatefulSet) { set.Spec.Ordinals = &appsv1.StatefulSetOrdinals{Start: n} }
}

// OnDelete makes a StatefulSet replace only pods that someone else deletes.
func OnDelete(set *appsv1.StatefulSet) {
	set.Spec.UpdateStrategy.Type = appsv1.OnDeleteStatefulSetStrategyType
}

// Deployment returns a Deployment. That of ReplicaSet is web-deployment.
func Deployment(name string, changes ...func(*appsv1.Deployment)) *appsv1.Deployment {
	return Changed(&appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, UID: types.UID(name + "-uid"), ResourceVersion: "80"},
	}, changes)
}

// Paused pauses a Deployment.
func Paused(deployment *appsv1.Deployment) { deployment.Spec.Paused = true }

// DaemonSet returns a DaemonSet whose template has this generation.
func DaemonSet(name string, generation int, changes ...func(*appsv1.DaemonSet)) *appsv1.DaemonSet {
	return Changed(&appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: name, UID: types.UID(name + "-uid"), ResourceVersion: "90",
			Annotations: map[string]string{appsv1.DeprecatedTemplateGeneration: strconv.Itoa(generation)},
		},
		Spec: appsv1.DaemonSetSpec{UpdateStrategy: appsv1.DaemonSetUpdateStrategy{Type: appsv1.RollingUpdateDaemonSetStrategyType}},
	}, changes)
}

// DaemonsOnDelete makes a DaemonSet replace only pods that someone else deletes.
func DaemonsOnDelete(set *appsv1.DaemonSet) {
	set.Spec.UpdateStrategy.Type = appsv1.OnDeleteDaemonSetStrategyType
}
