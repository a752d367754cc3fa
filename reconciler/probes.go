package reconciler

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
)

// unprobed tells of a leader that counts as ready although nothing has asked whether it answers. Its user may know that it is up at
// once, so this is no warning.
func unprobed(situation situation, decision election.Decision) []complaint {
	leader := decision.Leader
	if leader == nil || !leader.Unprobed || leader.Terminating {
		return nil
	}
	pod := situation.pod(types.UID(leader.UID))
	if pod == nil {
		return nil
	}
	return []complaint{{
		about: situation.source, related: pod, reason: reasonNoReadinessProbe, action: actionElect, known: true,
		note: "pod " + pod.Name + " leads and has no readiness probe: it counts as ready as soon as its containers have started, " +
			"and as long as they run, whether it answers or not",
	}}
}

// probeTrace stands for the probes and readiness gates of a pod that is kept in memory. All pods share it: it costs them nothing.
var probeTrace = []corev1.PodReadinessGate{{ConditionType: config.Domain + "/probed"}}

// trimProbes keeps whether a pod is probed.
func trimProbes(pod *corev1.Pod) []corev1.PodReadinessGate {
	if !config.Probed(&pod.Spec) {
		return nil
	}
	return probeTrace
}
