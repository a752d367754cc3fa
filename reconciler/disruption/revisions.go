package disruption

import (
	"cmp"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/reconciler/store"
)

// revision is one of a Deployment's.
type revision struct {
	// deployment is what replaces pods of one revision by those of another.
	deployment types.UID
	// replicaSet tells the revisions of a Deployment apart.
	replicaSet types.UID
	// number and created say how new it is.
	number  int64
	created time.Time
}

// compare is negative when the other one is newer.
func (r revision) compare(other revision) int {
	return cmp.Or(cmp.Compare(r.number, other.number), r.created.Compare(other.created), cmp.Compare(r.replicaSet, other.replicaSet))
}

// revisionOf is the revision that a Deployment's pod is of; false when nothing rolls it. It rolls while its Deployment is known, not
// paused and not being deleted. A ReplicaSet that nobody controls never replaces a pod, and of one that another kind of object
// controls (a Rollout of Argo, for example) only that kind's controller knows which pods it will replace.
func revisionOf(v *store.Stores, pod *corev1.Pod, owner *metav1.OwnerReference) (revision, bool) {
	if owner == nil || !isApps(owner, "ReplicaSet") {
		return revision{}, false
	}
	set := v.ReplicaSet(types.NamespacedName{Namespace: pod.Namespace, Name: owner.Name})
	if set == nil || set.UID != owner.UID {
		return revision{}, false // its event leads here again
	}
	deployment := deploymentOf(v, set)
	if deployment == nil || !rolls(deployment) {
		return revision{}, false
	}
	return replicaSetRevision(set, deployment.UID), true
}

func replicaSetRevision(set *metav1.PartialObjectMetadata, deployment types.UID) revision {
	// Without the annotation, or with one that is no number, the number is 0 and the time counts.
	number, _ := strconv.ParseInt(set.Annotations[store.RevisionAnnotation], 10, 64)
	return revision{deployment: deployment, replicaSet: set.UID, number: number, created: set.CreationTimestamp.Time}
}

// newestRevision is that of all ReplicaSets of a Deployment, also of those without pods: when a third revision replaces the second,
// that is as outdated as the first.
func newestRevision(v *store.Stores, deployment types.UID) revision {
	var newest revision
	for i, set := range v.ReplicaSetsOf(deployment) {
		if r := replicaSetRevision(set, deployment); i == 0 || newest.compare(r) < 0 {
			newest = r
		}
	}
	return newest
}

// isApps reports whether an owner is of a kind of the API group apps.
func isApps(owner *metav1.OwnerReference, kind string) bool {
	return owner.Kind == kind && owner.APIVersion == appsv1.SchemeGroupVersion.String()
}

// replicaSetHandler enqueues the Services that have pods of a Deployment when a ReplicaSet of it comes, goes or has another revision.
// What a ReplicaSet counts in its status enqueues nobody.
func (w Watcher) replicaSetHandler() handler.TypedEventHandler[*metav1.PartialObjectMetadata, reconcile.Request] {
	return whenChanged(replicaSetChanged, func(q store.Queue, set *metav1.PartialObjectMetadata) {
		w.Enqueue(q, w.Stores.PodsOf(set.UID))
		owner := metav1.GetControllerOfNoCopy(set)
		if owner == nil {
			return
		}
		for _, sibling := range w.Stores.ReplicaSetsOf(owner.UID) {
			if sibling.UID != set.UID {
				w.Enqueue(q, w.Stores.PodsOf(sibling.UID))
			}
		}
	})
}

// replicaSetChanged reports whether an update can change which revision is the newest.
func replicaSetChanged(before, after *metav1.PartialObjectMetadata) bool {
	return before.UID != after.UID || before.Annotations[store.RevisionAnnotation] != after.Annotations[store.RevisionAnnotation] ||
		store.ControllerUID(before) != store.ControllerUID(after)
}
