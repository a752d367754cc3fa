package disruption

import (
	"cmp"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/reconciler/trim"
)

// revision is a revision of a Deployment.
type revision struct {
	deployment types.UID
	// replicaSet identifies the revision.
	replicaSet types.UID
	// number and created say how new the revision is.
	number  int64
	created time.Time
}

// compare returns a negative number when the other revision is newer.
func (r revision) compare(other revision) int {
	return cmp.Or(cmp.Compare(r.number, other.number), r.created.Compare(other.created), cmp.Compare(r.replicaSet, other.replicaSet))
}

// revisionOf returns the revision of a Deployment's pod. It returns false when no rollout can replace the pod: its Deployment is unknown,
// paused or being deleted, or there is none. A ReplicaSet that nothing controls never replaces a pod. If another kind controls the
// ReplicaSet, such as a Rollout of Argo, only that kind's controller knows which pods it will replace.
func revisionOf(stores *store.Stores, pod *corev1.Pod, owner *metav1.OwnerReference) (revision, bool) {
	if owner == nil || !isApps(owner, "ReplicaSet") {
		return revision{}, false
	}
	set := stores.ReplicaSet(types.NamespacedName{Namespace: pod.Namespace, Name: owner.Name})
	if set == nil || set.UID != owner.UID {
		return revision{}, false // the event of the ReplicaSet enqueues the Service again
	}
	deployment := deploymentOf(stores, set)
	if deployment == nil || !rollsOut(deployment) {
		return revision{}, false
	}
	return replicaSetRevision(set, deployment.UID), true
}

// replicaSetRevision returns the revision that a ReplicaSet of a Deployment stands for.
func replicaSetRevision(set *metav1.PartialObjectMetadata, deployment types.UID) revision {
	// The number is 0 when the annotation is missing or not a number. Then the time of creation decides.
	number, _ := strconv.ParseInt(set.Annotations[trim.RevisionAnnotation], 10, 64)
	return revision{deployment: deployment, replicaSet: set.UID, number: number, created: set.CreationTimestamp.Time}
}

// newestRevision returns the newest revision of a Deployment. ReplicaSets without pods count, too: when a third revision replaces the
// second, the second is as outdated as the first.
func newestRevision(stores *store.Stores, namespace string, deployment types.UID) revision {
	var newest revision
	for i, set := range stores.ReplicaSetsOf(namespace, deployment) {
		if r := replicaSetRevision(set, deployment); i == 0 || newest.compare(r) < 0 {
			newest = r
		}
	}
	return newest
}

// replicaSetChanged reports whether an update can affect which revision is the newest.
func replicaSetChanged(before, after *metav1.PartialObjectMetadata) bool {
	return before.UID != after.UID || before.Annotations[trim.RevisionAnnotation] != after.Annotations[trim.RevisionAnnotation] ||
		store.ControllerUID(before) != store.ControllerUID(after)
}
