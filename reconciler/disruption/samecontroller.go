package disruption

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/store"
)

// outsider says why a pod must not be made leader: it does not belong to the workload that its Service names. It is empty for a pod that may be.
//
// Without this, whoever may create pods in the namespace could create one with the Service's labels and a high priority, and get all of the
// traffic, where a plain Service would send it a share. A leader that loses its workload stays until a pod of the workload can follow: the
// pods of a workload that is deleted and created again belong to nobody for a while.
func outsider(stores *store.Stores, pod *corev1.Pod, owner *metav1.OwnerReference, wanted config.Workload) string {
	if wanted == (config.Workload{}) || owner != nil && belongs(stores, pod.Namespace, owner, wanted) {
		return ""
	}
	return outsiderNote(wanted)
}

// EvidentOutsider says why a pod must not be made leader, as far as the pod alone shows it: whether a ReplicaSet belongs to the workload is not known.
func EvidentOutsider(pod *corev1.Pod, wanted config.Workload) string {
	owner := metav1.GetControllerOfNoCopy(pod)
	if wanted == (config.Workload{}) || owner != nil && (isApps(owner, "ReplicaSet") || owner.Kind == wanted.Kind && owner.Name == wanted.Name) {
		return ""
	}
	return outsiderNote(wanted)
}

func outsiderNote(wanted config.Workload) string {
	return fmt.Sprintf("it does not belong to %s, which %s on the Service names", wanted, config.SameControllerKey)
}

// belongs reports whether an owner is the wanted workload, or a ReplicaSet of it: the ReplicaSets of a Deployment change with each rollout.
func belongs(stores *store.Stores, namespace string, owner *metav1.OwnerReference, wanted config.Workload) bool {
	if owner.Kind == wanted.Kind && owner.Name == wanted.Name {
		return genuine(stores, namespace, owner)
	}
	if !isApps(owner, "ReplicaSet") {
		return false
	}
	set := stores.ReplicaSet(types.NamespacedName{Namespace: namespace, Name: owner.Name})
	if set == nil { // when a Deployment is deleted, its ReplicaSets go before the pods, which may drain
		return wanted.Kind == "Deployment" && strings.HasPrefix(owner.Name, wanted.Name+"-") &&
			stores.Deployment(types.NamespacedName{Namespace: namespace, Name: wanted.Name}) == nil
	}
	top := metav1.GetControllerOfNoCopy(set)
	return set.UID == owner.UID && top != nil && top.Kind == wanted.Kind && top.Name == wanted.Name && genuine(stores, namespace, top)
}

// genuine reports whether an owner reference of a kind that Tanist watches has the UID of the object that it names: whoever creates a pod
// may write anything there. With the right UID, the workload's own controller takes the pod for one of its own, and deletes it when it has
// enough. A workload that does not exist is about to lose its pods to the garbage collector, and until then they may drain.
func genuine(stores *store.Stores, namespace string, owner *metav1.OwnerReference) bool {
	key := types.NamespacedName{Namespace: namespace, Name: owner.Name}
	var uid types.UID
	switch owner.Kind {
	case "Deployment":
		if object := stores.Deployment(key); object != nil {
			uid = object.UID
		}
	case "StatefulSet":
		if object := stores.StatefulSet(key); object != nil {
			uid = object.UID
		}
	case "DaemonSet":
		if object := stores.DaemonSet(key); object != nil {
			uid = object.UID
		}
	case "ReplicaSet":
		if object := stores.ReplicaSet(key); object != nil {
			uid = object.UID
		}
	default:
		return true
	}
	return isApps(owner, owner.Kind) && (uid == "" || uid == owner.UID)
}
