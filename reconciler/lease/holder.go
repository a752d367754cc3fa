package lease

import (
	"strings"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Holder returns the identity of a Lease's holder; empty if nobody holds the Lease, or there is none.
func Holder(lease *coordinationv1.Lease) string {
	if lease == nil || lease.Spec.HolderIdentity == nil {
		return ""
	}
	return *lease.Spec.HolderIdentity
}

// PodOf returns the pod that holds a Lease; nil if none of the pods does.
//
// It understands two forms of an identity: the name of the pod, as in a container's hostname, and that name followed by an underscore and
// anything, as controller-runtime and most users of client-go write it (<hostname>_<UUID>). No name of a pod has an underscore. An identity
// without the pod's name names no pod: a UUID alone, or the name of a node, which is the hostname of a pod in the host's network.
//
// A pod that was created after the last renewal does not hold the Lease. It has the name of the pod before it, as in a StatefulSet, and that
// pod was the holder. The holder renews within seconds, by its own clock. No two pods of a ReplicaSet have the same name, so no clock matters for them.
func PodOf(lease *coordinationv1.Lease, pods []*corev1.Pod) *corev1.Pod {
	name := PodName(lease)
	for _, pod := range pods {
		if name != "" && pod.Name == name && renewedSince(lease, pod) {
			return pod
		}
	}
	return nil
}

// renewedSince reports whether a Lease was renewed after a pod was created. It is true if nothing says when the Lease was renewed. The time of a
// creation has no fractions: a renewal in the same second may be that of the pod before.
func renewedSince(lease *coordinationv1.Lease, pod *corev1.Pod) bool {
	return lease.Spec.RenewTime == nil || ofReplicaSet(pod) || !lease.Spec.RenewTime.Time.Before(pod.CreationTimestamp.Add(time.Second))
}

func ofReplicaSet(pod *corev1.Pod) bool {
	owner := metav1.GetControllerOfNoCopy(pod)
	return owner != nil && owner.Kind == "ReplicaSet"
}

// Confirms reports whether a change of a Lease, although its holder is the same, makes a pod the holder: the first renewal after the pod was
// created.
func Confirms(before, after *coordinationv1.Lease, pod *corev1.Pod) bool {
	return before != nil && after != nil && pod != nil && !renewedSince(before, pod) && renewedSince(after, pod)
}

// PodName returns the name of the pod that holds a Lease, as its identity says; empty if nobody holds it.
func PodName(lease *coordinationv1.Lease) string {
	name, _, _ := strings.Cut(Holder(lease), "_")
	return name
}

// SameHolder reports whether two versions of a Lease have the same holder, so that the change between them was a renewal at most. Either may
// be nil.
func SameHolder(before, after *coordinationv1.Lease) bool {
	if before == nil || after == nil {
		return before == after
	}
	return before.UID == after.UID && Holder(before) == Holder(after)
}
