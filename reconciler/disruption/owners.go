package disruption

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/reconciler/store"
)

// isApps reports whether an owner is of this kind of the API group apps. Other groups have kinds of the same names.
func isApps(owner *metav1.OwnerReference, kind string) bool {
	return owner.Kind == kind && owner.APIVersion == appsv1.SchemeGroupVersion.String()
}

// statefulSetOf returns the StatefulSet of a pod; nil when it has none, or an unknown one.
func statefulSetOf(stores *store.Stores, pod *corev1.Pod, owner *metav1.OwnerReference) *appsv1.StatefulSet {
	if owner == nil || !isApps(owner, "StatefulSet") {
		return nil
	}
	set := stores.StatefulSet(types.NamespacedName{Namespace: pod.Namespace, Name: owner.Name})
	if set == nil || set.UID != owner.UID {
		return nil
	}
	return set
}

// daemonSetOf returns the DaemonSet of a pod; nil when it has none, or an unknown one.
func daemonSetOf(stores *store.Stores, pod *corev1.Pod, owner *metav1.OwnerReference) *appsv1.DaemonSet {
	if owner == nil || !isApps(owner, "DaemonSet") {
		return nil
	}
	set := stores.DaemonSet(types.NamespacedName{Namespace: pod.Namespace, Name: owner.Name})
	if set == nil || set.UID != owner.UID {
		return nil
	}
	return set
}

// deploymentOf returns the Deployment of a ReplicaSet; nil when it has none, or an unknown one.
func deploymentOf(stores *store.Stores, set *metav1.PartialObjectMetadata) *appsv1.Deployment {
	owner := metav1.GetControllerOfNoCopy(set)
	if owner == nil || !isApps(owner, "Deployment") {
		return nil
	}
	deployment := stores.Deployment(types.NamespacedName{Namespace: set.Namespace, Name: owner.Name})
	if deployment == nil || deployment.UID != owner.UID {
		return nil
	}
	return deployment
}
