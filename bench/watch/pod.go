package watch

import (
	"cmp"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
)

// Pod is what a View keeps of a pod.
type Pod struct {
	UID  types.UID
	Name string
	Node string
	// EndsAtOnce is true when the pod stops serving as soon as its deletion begins: it has neither a drain window nor a preStop hook of
	// its own.
	EndsAtOnce bool

	ready       bool
	terminating bool
	// ended is a pod that has finished, and will not be ready again.
	ended bool
	// waiting is why a container has not started, such as ErrImagePull, or why the pod is on no node; empty otherwise.
	waiting string
}

// CanLead returns whether a pod is ready and not terminating.
func CanLead(pod *corev1.Pod) bool {
	return ready(pod) && pod.DeletionTimestamp == nil
}

func (p Pod) canLead() bool {
	return p.ready && !p.terminating
}

func (p Pod) byName(other Pod) int {
	return cmp.Compare(p.Name, other.Name)
}

func podOf(pod *corev1.Pod) Pod {
	window, ownHook := config.DrainWindowOf(&pod.Spec)
	p := Pod{
		UID: pod.UID, Name: pod.Name, Node: pod.Spec.NodeName, EndsAtOnce: window == 0 && !ownHook,
		ready: ready(pod), terminating: pod.DeletionTimestamp != nil, ended: ended(pod),
	}
	for _, status := range pod.Status.ContainerStatuses {
		if status.State.Waiting != nil && status.State.Waiting.Reason != "ContainerCreating" {
			p.waiting = status.State.Waiting.Reason
		}
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse {
			p.waiting = condition.Reason
		}
	}
	return p
}

func ended(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

// ready returns the pod's Ready condition, and false for a pod that has ended.
func ready(pod *corev1.Pod) bool {
	if ended(pod) {
		return false
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}
