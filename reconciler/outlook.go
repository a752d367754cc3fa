package reconciler

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
)

// outlook is what other objects than the pods themselves tell of their future, by the pods' UIDs. A pod without an entry is not
// known to go: an object that an informer does not have (yet) announces nothing.
type outlook map[types.UID]prospect

// prospect is one pod's.
type prospect struct {
	// announced says that the pod is about to go, and why.
	announced election.Announcement
	// workload is what replaces the pod in a rollout, and outdated says that the one under way does.
	workload types.UID
	outdated bool
}

// outlook looks at the pods' nodes and workloads, in memory.
func (v *views) outlook(pods []*corev1.Pod, tuning config.ElectionTuning) outlook {
	all := make(outlook, len(pods))
	newest := v.newestRevisions(pods, tuning)
	for _, pod := range pods {
		var p prospect
		if node := v.node(pod.Spec.NodeName); node != nil && going(node, tuning) {
			p.announced = election.AnnouncedNode
		}
		owner := metav1.GetControllerOfNoCopy(pod)
		if set := v.statefulSetOf(pod, owner); set != nil {
			if tuning.HandoverOnScaleDown && beyondReplicas(set, pod) {
				p.announced = election.AnnouncedScaleDown // comes sooner than a drain
			}
			if tuning.HandoverOnRollout {
				p.workload, p.outdated = set.UID, outdated(set, pod)
			}
		} else if revision, known := v.revisionOf(pod, owner); known && tuning.HandoverOnRollout {
			p.workload, p.outdated = revision.workload, revision.name != newest[revision.workload].name
		}
		if p != (prospect{}) {
			all[pod.UID] = p
		}
	}
	return all
}

// wakePods wakes the Services that select one of these pods.
func (s *succession) wakePods(q queue, pods []*corev1.Pod) {
	for _, pod := range pods {
		for _, service := range s.views.selecting(pod.Namespace, pod.Labels) {
			s.wake(q, keyOf(service))
		}
	}
}
