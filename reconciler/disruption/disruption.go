package disruption

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/reconciler/store"
)

// Disruptions are what other objects announce for pods, by the pods' UIDs. A pod without an entry is not known to go. An object that an
// informer does not have (yet) announces nothing.
type Disruptions map[types.UID]Disruption

// Disruption is what is announced for one pod.
type Disruption struct {
	// announced says that the pod is about to go, and why.
	announced election.Announcement
	// workload is the owner that replaces the pod in a rollout.
	workload types.UID
	// outdated says that the current rollout replaces the pod.
	outdated bool
}

// Of returns what the pods' nodes and owners announce for them. It reads from memory alone.
func Of(stores *store.Stores, pods []*corev1.Pod, tuning config.ElectionTuning) Disruptions {
	all := make(Disruptions, len(pods))
	rollouts := rolloutsOf(stores, pods, tuning)
	for _, pod := range pods {
		var p Disruption
		if node := stores.Node(pod.Spec.NodeName); node != nil && announcesRemoval(node, tuning) {
			p.announced = election.AnnouncedNode
		}
		owner := metav1.GetControllerOfNoCopy(pod)
		if set := statefulSetOf(stores, pod, owner); set != nil && tuning.HandoverOnScaleDown && beyondReplicas(set, pod) {
			p.announced = election.AnnouncedScaleDown // a scale-down comes sooner than a drain
		}
		p.workload, p.outdated = rollouts.replacing(pod, owner)
		if p != (Disruption{}) {
			all[pod.UID] = p
		}
	}
	return all
}

// rollouts knows which pods the rollouts of their owners replace. Only owners of the API group apps count. Whether and when another kind
// replaces its pods is known to its controller alone, and a leader must not move because of a guess.
type rollouts struct {
	stores *store.Stores
	on     bool
	// newest are the newest revisions of Deployments, by the UIDs of the Deployments. It is filled when a revision is needed.
	newest map[types.UID]revision
	// templates are the current hashes of DaemonSets, by the UIDs of the DaemonSets.
	templates map[types.UID]string
}

func rolloutsOf(stores *store.Stores, pods []*corev1.Pod, tuning config.ElectionTuning) rollouts {
	if !tuning.HandoverOnRollout {
		return rollouts{}
	}
	return rollouts{stores: stores, on: true, newest: map[types.UID]revision{}, templates: currentTemplates(stores, pods)}
}

// replacing returns the owner that replaces a pod in a rollout, and whether the current rollout replaces it. The owner is "" when none
// does.
func (r rollouts) replacing(pod *corev1.Pod, owner *metav1.OwnerReference) (workload types.UID, isOutdated bool) {
	if !r.on {
		return "", false
	}
	if set := statefulSetOf(r.stores, pod, owner); set != nil {
		return set.UID, outdated(set, pod)
	}
	if set := daemonSetOf(r.stores, pod, owner); set != nil {
		return set.UID, daemonPodOutdated(set, pod, r.templates[set.UID])
	}
	revision, known := revisionOf(r.stores, pod, owner)
	if !known {
		return "", false
	}
	newest, seen := r.newest[revision.deployment]
	if !seen {
		newest = newestRevision(r.stores, revision.deployment)
		r.newest[revision.deployment] = newest
	}
	return revision.deployment, revision.replicaSet != newest.replicaSet
}
