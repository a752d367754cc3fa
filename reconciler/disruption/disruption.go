package disruption

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/reconciler/trim"
)

// Disruptions has what other objects say about the future of pods, by the pods' UIDs. Nothing is known about a pod without an entry. A pod
// with an entry may stay: see outdated. An object that an informer does not have (yet) says nothing.
type Disruptions map[types.UID]Disruption

// Disruption is what other objects say about one pod's future.
type Disruption struct {
	// announced says whether the pod is about to be deleted, and why.
	announced election.Announcement
	// workload is the Deployment, StatefulSet or DaemonSet whose rollouts replace the pod; empty for none.
	workload types.UID
	// outdated says that the current rollout will replace the pod. A pod that is not outdated stays in this rollout.
	outdated bool
	// nodeUnknown says that Kubernetes has lost sight of the pod's node.
	nodeUnknown bool
	// onPreferredNode says that the pod is on a node that its Service prefers.
	onPreferredNode bool
	// Outsider says why the pod must not be made leader of its Service; empty if it may.
	Outsider string
}

// Of returns what the pods' nodes and owners say about their future, which pods are on nodes that the Service prefers, and which do not
// belong to the controller that it names. It reads from memory alone.
func Of(stores *store.Stores, pods []*corev1.Pod, options config.Options, allTuning config.Tuning) Disruptions {
	all := make(Disruptions, len(pods))
	tuning, preferred := options.ElectionOr(allTuning), options.NodeSelector()
	rollouts := rolloutsOf(stores, pods, tuning)
	for _, pod := range pods {
		var p Disruption
		if node := stores.Node(pod.Spec.NodeName); node != nil {
			p.nodeUnknown = trim.NodeUnknown(node)
			p.onPreferredNode = preferred.Matches(labels.Set(node.Labels))
			if announcesRemoval(node, tuning) {
				p.announced = election.AnnouncedNode
			}
		}
		owner := metav1.GetControllerOfNoCopy(pod)
		if set := statefulSetOf(stores, pod, owner); set != nil && tuning.HandoverOnScaleDown && outsideOrdinals(set, pod) {
			p.announced = election.AnnouncedScaleDown // replaces AnnouncedNode: a scale-down deletes the pod sooner than a drain does
		}
		p.workload, p.outdated = rollouts.workloadOf(pod, owner)
		p.Outsider = outsider(stores, pod, owner, options.SameController)
		if p != (Disruption{}) {
			all[pod.UID] = p
		}
	}
	return all
}

// rollouts knows which pods the rollouts of their owners replace. Only owners of the API group apps count. Only the controller of another
// kind knows whether and when it replaces its pods, and a leader must not move on a guess.
type rollouts struct {
	stores *store.Stores
	on     bool
	// newest are the newest revisions of Deployments, by the UIDs of the Deployments. Entries are added on demand.
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

// workloadOf returns the workload whose rollouts replace a pod, and whether the current one will replace this pod. It returns "" if no
// rollout can.
func (r rollouts) workloadOf(pod *corev1.Pod, owner *metav1.OwnerReference) (workload types.UID, isOutdated bool) {
	if !r.on {
		return "", false
	}
	if set := statefulSetOf(r.stores, pod, owner); set != nil {
		return set.UID, statefulSetPodOutdated(set, pod)
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
		newest = newestRevision(r.stores, pod.Namespace, revision.deployment)
		r.newest[revision.deployment] = newest
	}
	return revision.deployment, revision.replicaSet != newest.replicaSet
}
