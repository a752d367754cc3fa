package config

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// PodWindow is the drain window that a pod should have, and why.
type PodWindow struct {
	// Window is in whole seconds. It is zero for a pod that is left alone.
	Window time.Duration
	// LeftAlone explains why a pod has no window although its Services ask for one. It is empty if the pod's own annotation is the
	// reason.
	LeftAlone string
	// Wrong is the error of a wrong annotation of the pod, which counts as missing; nil if it is right.
	Wrong *field.Error
}

// PodWindowFor decides which drain window a pod should have. services is the window that its Services ask for (see DrainWindowOr).
//
// The pod's own annotation overrules its Services, and the tuning does not shorten it: who creates a pod could as well write a preStop
// hook. A Service asks for the pods of others. Without it, two kinds of pods are left alone: pods of Jobs, because cancelled work
// should not continue, and pods on their node's network, because their successor on that node needs the same ports. Static pods are
// always left alone: their node does not read them from the API. So are pods that were created without a window because they were
// refused with one.
func PodWindowFor(pod *corev1.Pod, services time.Duration) PodWindow {
	if isStatic(pod) {
		return PodWindow{LeftAlone: "it is a static pod: its node reads it from a file"}
	}
	own, wrong := podDrainWindow(pod)
	switch refused := pod.Annotations[DrainWindowRefusedKey]; {
	case refused != "":
		return PodWindow{LeftAlone: "pods of its workload were refused with a window, probably because a policy limits " +
			"terminationGracePeriodSeconds: make that " + refused + " shorter in the pod template, or annotate the template with " +
			DrainWindowKey + ": 0s", Wrong: wrong}
	case own != nil:
		return PodWindow{Window: *own}
	case services == 0:
		return PodWindow{Wrong: wrong}
	case controlledByA(pod, "Job"):
		return PodWindow{LeftAlone: "it belongs to a Job", Wrong: wrong}
	case pod.Spec.HostNetwork:
		return PodWindow{LeftAlone: "it uses the network of its node", Wrong: wrong}
	default:
		return PodWindow{Window: services, Wrong: wrong}
	}
}

// podDrainWindow returns what the pod's own annotation asks for; nil if it is missing or wrong.
func podDrainWindow(pod *corev1.Pod) (window *time.Duration, wrong *field.Error) {
	p := parser{annotations: pod.Annotations}
	p.drainWindow(&window)
	if len(p.errs) > 0 {
		return nil, p.errs[0]
	}
	return window, nil
}

// isStatic reports whether a pod is the API's mirror of one that a kubelet runs from a file. It checks the annotation, and the owner in
// case the annotation has been trimmed from the cache.
func isStatic(pod *corev1.Pod) bool {
	_, mirrored := pod.Annotations[corev1.MirrorPodAnnotationKey]
	return mirrored || controlledByA(pod, "Node")
}

func controlledByA(pod *corev1.Pod, kind string) bool {
	owner := metav1.GetControllerOfNoCopy(pod)
	return owner != nil && owner.Kind == kind
}
