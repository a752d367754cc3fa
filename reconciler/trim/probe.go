package trim

import (
	"sync"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
)

// withProbe adds the probe that can be repeated from outside, if there is one, to a trimmed pod. It does not count for whether the pod is too
// large, because it is shared and limited itself. A pod that is too large cannot lead, so it keeps none.
func withProbe(trimmed *corev1.Pod, spec *corev1.PodSpec) *corev1.Pod {
	if marked(trimmed) {
		return trimmed
	}
	probe := config.RepeatableProbe(spec)
	if probe == nil {
		return trimmed
	}
	shared := probes.share(probe)
	if len(trimmed.Spec.Containers) == 0 {
		trimmed.Spec.Containers = shared
	} else {
		trimmed.Spec.Containers[0].ReadinessProbe = shared[0].ReadinessProbe
	}
	return trimmed
}

// probes has the probes of the pods in memory.
var probes probeTable

// probeTable shares equal probes: the pods of a workload all have the same one.
type probeTable struct {
	mu sync.Mutex
	// known has, by the encoded probe, a list of one container that has this probe and nothing else. Pods that keep no container of their
	// own share the list too.
	known map[string][]corev1.Container
}

// maxProbes limits the table, which does not learn when a pod is gone. A full one starts anew: pods keep what they have.
const maxProbes = 4096

// share returns the list for a probe. It must not be modified.
func (t *probeTable) share(probe *corev1.Probe) []corev1.Container {
	encoded, err := probe.Marshal()
	if err != nil { // never: the probe holds no type that cannot be encoded
		return []corev1.Container{{ReadinessProbe: probe}}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if shared, found := t.known[string(encoded)]; found {
		return shared
	}
	if t.known == nil || len(t.known) >= maxProbes {
		t.known = map[string][]corev1.Container{}
	}
	shared := []corev1.Container{{ReadinessProbe: probe}}
	t.known[string(encoded)] = shared
	return shared
}
