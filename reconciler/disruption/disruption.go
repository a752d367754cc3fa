package disruption

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/reconciler/store"
)

// Disruptions is what other objects than the pods themselves tell of their future, by the pods' UIDs. A pod without an entry is not
// known to go: an object that an informer does not have (yet) announces nothing.
type Disruptions map[types.UID]Disruption

// Disruption is one pod's.
type Disruption struct {
	// announced says that the pod is about to go, and why.
	announced election.Announcement
	// workload is what replaces the pod in a rollout, and outdated says that the one under way does.
	workload types.UID
	outdated bool
}

// Of looks at the pods' nodes and workloads, in memory.
func Of(v *store.Stores, pods []*corev1.Pod, tuning config.ElectionTuning) Disruptions {
	all := make(Disruptions, len(pods))
	rollouts := rolloutsOf(v, pods, tuning)
	for _, pod := range pods {
		var p Disruption
		if node := v.Node(pod.Spec.NodeName); node != nil && announcesRemoval(node, tuning) {
			p.announced = election.AnnouncedNode
		}
		owner := metav1.GetControllerOfNoCopy(pod)
		if set := statefulSetOf(v, pod, owner); set != nil && tuning.HandoverOnScaleDown && beyondReplicas(set, pod) {
			p.announced = election.AnnouncedScaleDown // comes sooner than a drain
		}
		p.workload, p.outdated = rollouts.of(pod, owner)
		if p != (Disruption{}) {
			all[pod.UID] = p
		}
	}
	return all
}

// rollouts know which pods the rollouts of their owners replace. Only the owners of the API group apps count: whether another kind
// replaces its pods, and when, is known to nobody but its controller, and a leader must not move for a guess.
type rollouts struct {
	stores *store.Stores
	on     bool
	// newest are the newest revisions of Deployments, by their UIDs, as far as they were asked for.
	newest map[types.UID]revision
	// templates are the current hashes of DaemonSets.
	templates map[types.UID]string
}

func rolloutsOf(v *store.Stores, pods []*corev1.Pod, tuning config.ElectionTuning) rollouts {
	if !tuning.HandoverOnRollout {
		return rollouts{}
	}
	return rollouts{stores: v, on: true, newest: map[types.UID]revision{}, templates: currentTemplates(v, pods)}
}

// of is what replaces a pod in a rollout, and whether the one under way does; empty when nothing does.
func (r rollouts) of(pod *corev1.Pod, owner *metav1.OwnerReference) (workload types.UID, isOutdated bool) {
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
