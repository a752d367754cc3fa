package config

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// PodWindow is the drain window that a pod is to have, and why.
type PodWindow struct {
	// Window is in whole seconds; zero for a pod that is left alone.
	Window time.Duration
	// Shortened says that the pod's own annotation asks for a longer one than the tuning allows.
	Shortened bool
	// LeftAlone says in words why a pod has none although its Services ask for one; empty when nothing but its own annotation
	// speaks against it.
	LeftAlone string
	// Wrong is a wrong annotation of the pod, which then counts as missing; nil when it is right.
	Wrong *field.Error
}

// PodWindowFor decides which drain window a pod is to have when its Services ask for this one, and the tuning allows none that is
// longer than the longest.
//
// The pod's own annotation overrules them. Without it, two kinds of pods are left alone: those of Jobs, because work that is called
// off should not go on, and those on their node's network, because their successor on that node needs the same ports. Static pods
// are always left alone: their node does not take them from the API. So are pods that were created without a window because it was
// refused.
func PodWindowFor(pod *corev1.Pod, services, longest time.Duration) PodWindow {
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
		return PodWindow{Window: min(*own, longest), Shortened: *own > longest}
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

// podDrainWindow is what the pod's own annotation asks for; nil when it is missing or wrong.
func podDrainWindow(pod *corev1.Pod) (window *time.Duration, wrong *field.Error) {
	p := parser{annotations: pod.Annotations}
	p.drainWindow(&window)
	if len(p.errs) > 0 {
		return nil, p.errs[0]
	}
	return window, nil
}

// isStatic recognises the copy that a kubelet keeps in the API of a pod it runs from a file: by its annotation, and by its owner
// where the annotation has been trimmed away.
func isStatic(pod *corev1.Pod) bool {
	_, mirrored := pod.Annotations[corev1.MirrorPodAnnotationKey]
	return mirrored || controlledByA(pod, "Node")
}

func controlledByA(pod *corev1.Pod, kind string) bool {
	owner := metav1.GetControllerOfNoCopy(pod)
	return owner != nil && owner.Kind == kind
}
