package store

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
)

// probeTrace stands for the probes and readiness gates of a pod that is kept in memory. All pods share it: it costs them nothing.
var probeTrace = []corev1.PodReadinessGate{{ConditionType: config.Domain + "/probed"}}

// trimProbes keeps whether a pod is probed.
func trimProbes(pod *corev1.Pod) []corev1.PodReadinessGate {
	if !config.Probed(&pod.Spec) {
		return nil
	}
	return probeTrace
}
