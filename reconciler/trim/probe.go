package trim

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
)

// withProbe adds the probe that can be repeated from outside, if there is one, to a trimmed pod. It does not count for whether the pod is too
// large, because it is limited itself. A pod that is too large cannot lead, so it keeps none.
func withProbe(trimmed *corev1.Pod, spec *corev1.PodSpec) {
	probe := config.RepeatableProbe(spec)
	if probe == nil || marked(trimmed) {
		return
	}
	if len(trimmed.Spec.Containers) == 0 {
		trimmed.Spec.Containers = []corev1.Container{{}}
	}
	trimmed.Spec.Containers[0].ReadinessProbe = probe
}
