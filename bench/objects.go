package bench

import (
	"cmp"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
)

// podState is what bench looks at in a pod.
type podState struct {
	uid         types.UID
	name        string
	node        string
	ready       bool
	terminating bool
	// endsAtOnce says that the pod stops serving the moment its deletion begins: it has no drain window, nor a hook of its own.
	endsAtOnce bool
	// waiting is why a container has not started, such as ErrImagePull, or why the pod is not on a node; empty otherwise.
	waiting string
}

// fit says that the pod can lead.
func (p podState) fit() bool {
	return p.ready && !p.terminating
}

func (p podState) byName(other podState) int {
	return cmp.Compare(p.name, other.name)
}

func podStateOf(pod *corev1.Pod) podState {
	window, ownHook := config.DrainWindowOf(&pod.Spec)
	state := podState{
		uid: pod.UID, name: pod.Name, node: pod.Spec.NodeName,
		ready: podReady(pod), terminating: pod.DeletionTimestamp != nil,
		endsAtOnce: window == 0 && !ownHook,
	}
	for _, status := range pod.Status.ContainerStatuses {
		if status.State.Waiting != nil && status.State.Waiting.Reason != "ContainerCreating" {
			state.waiting = status.State.Waiting.Reason
		}
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse {
			state.waiting = condition.Reason
		}
	}
	return state
}

// podReady is the pod's Ready condition, false for a pod that has ended.
func podReady(pod *corev1.Pod) bool {
	if pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
		return false
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// readyEndpoint is the pod of a slice's first ready endpoint, the zero value without one. As for kube-proxy, an endpoint that
// does not say is ready.
func readyEndpoint(slice *discoveryv1.EndpointSlice) corev1.ObjectReference {
	for _, endpoint := range slice.Endpoints {
		ready := endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready
		if ready && endpoint.TargetRef != nil {
			return *endpoint.TargetRef
		}
	}
	return corev1.ObjectReference{}
}

func moveOf(at time.Time, slice *discoveryv1.EndpointSlice, leader corev1.ObjectReference) move {
	// A slice that is not Tanist's has no term; the zero says so.
	term, _ := strconv.ParseInt(slice.Annotations[config.TermKey], 10, 64)
	return move{at: at, to: leader.UID, name: leader.Name, term: term, reason: slice.Annotations[config.ReasonKey]}
}
