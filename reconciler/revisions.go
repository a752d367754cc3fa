package reconciler

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

	"github.com/tanist-dev/tanist/config"
)

// revisionAnnotation is the number that a Deployment gives to its ReplicaSets. It grows with each rollout; one that goes back to an
// older template gives that template's ReplicaSet the next number.
const revisionAnnotation = "deployment.kubernetes.io/revision"

// revision is one of those that a workload's pods may have.
type revision struct {
	// workload is what replaces pods of one revision by those of another.
	workload types.UID
	// name tells the revisions of a workload apart.
	name string
	// number and created say how new it is.
	number  int64
	created time.Time
}

// compare is negative when the other one is newer.
func (r revision) compare(other revision) int {
	return cmp.Or(cmp.Compare(r.number, other.number), r.created.Compare(other.created), cmp.Compare(r.name, other.name))
}

// revisionOf is the revision that a pod is of; false when the pod is of none, or it is not known.
//
// Pods of a Deployment have their ReplicaSet's revision. Of any other owner that labels its pods with a hash of their template
// nothing is known but the pods: there the revision of the pod that was made last is the newest.
func (v *views) revisionOf(pod *corev1.Pod, owner *metav1.OwnerReference) (revision, bool) {
	if owner == nil {
		return revision{}, false
	}
	hash := cmp.Or(pod.Labels[appsv1.DefaultDeploymentUniqueLabelKey], pod.Labels[appsv1.ControllerRevisionHashLabelKey])
	switch {
	case hash == "" || isApps(owner, "StatefulSet"):
		return revision{}, false
	case !isApps(owner, "ReplicaSet"):
		return revision{workload: owner.UID, name: hash, created: pod.CreationTimestamp.Time}, true
	}
	set := v.replicaSet(types.NamespacedName{Namespace: pod.Namespace, Name: owner.Name})
	if set == nil || set.UID != owner.UID {
		return revision{}, false // its event leads here again
	}
	if deployment := metav1.GetControllerOfNoCopy(set); deployment != nil {
		return replicaSetRevision(set, deployment), true
	}
	return revision{workload: owner.UID, name: hash, created: pod.CreationTimestamp.Time}, true
}

func replicaSetRevision(set *metav1.PartialObjectMetadata, owner *metav1.OwnerReference) revision {
	// Without the annotation, or with one that is no number, the number is 0 and the time counts.
	number, _ := strconv.ParseInt(set.Annotations[revisionAnnotation], 10, 64)
	return revision{workload: owner.UID, name: string(set.UID), number: number, created: set.CreationTimestamp.Time}
}

// newestRevisions are the newest ones of the workloads that the pods belong to, StatefulSets excepted. All ReplicaSets of a
// Deployment count, also those without pods: when a third revision replaces the second, that is as outdated as the first.
func (v *views) newestRevisions(pods []*corev1.Pod, tuning config.ElectionTuning) map[types.UID]revision {
	if !tuning.HandoverOnRollout {
		return nil
	}
	newest := map[types.UID]revision{}
	consider := func(r revision) {
		if best, known := newest[r.workload]; !known || best.compare(r) < 0 {
			newest[r.workload] = r
		}
	}
	for _, pod := range pods {
		r, known := v.revisionOf(pod, metav1.GetControllerOfNoCopy(pod))
		if !known {
			continue
		}
		if _, seen := newest[r.workload]; !seen {
			for _, set := range v.replicaSetsOf(r.workload) {
				consider(replicaSetRevision(set, metav1.GetControllerOfNoCopy(set)))
			}
		}
		consider(r)
	}
	return newest
}

// isApps reports whether an owner is of a kind of the API group apps.
func isApps(owner *metav1.OwnerReference, kind string) bool {
	return owner.Kind == kind && owner.APIVersion == appsv1.SchemeGroupVersion.String()
}

// replicaSetHandler wakes the Services that have pods of a Deployment when a ReplicaSet of it comes, goes or has another revision.
// What a ReplicaSet counts in its status wakes nobody.
func (s *succession) replicaSetHandler() handler.TypedEventHandler[*metav1.PartialObjectMetadata, reconcile.Request] {
	return whenChanged(replicaSetChanged, func(q queue, set *metav1.PartialObjectMetadata) {
		s.wakePods(q, s.views.podsOf(set.UID))
		owner := metav1.GetControllerOfNoCopy(set)
		if owner == nil {
			return
		}
		for _, sibling := range s.views.replicaSetsOf(owner.UID) {
			if sibling.UID != set.UID {
				s.wakePods(q, s.views.podsOf(sibling.UID))
			}
		}
	})
}

// replicaSetChanged reports whether an update can change which revision is the newest.
func replicaSetChanged(before, after *metav1.PartialObjectMetadata) bool {
	return before.UID != after.UID || before.Annotations[revisionAnnotation] != after.Annotations[revisionAnnotation] ||
		controllerUID(before) != controllerUID(after)
}
