package webhook

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/tanist-dev/tanist/config"
)

// keepPatch returns the operations that keep what a drain window changed in a pod, when an update sets it back to what it was before.
//
// That is what applying a pod's manifest once more does, if the manifest names a grace period: kubectl and Helm compare it with the
// pod, and ask for the manifest's value again. The API server refuses that, because these fields of a pod are immutable. So an update
// that the pod alone would have passed would fail. Any other value is left to the API server.
func keepPatch(pod, old *corev1.Pod) []ctrlwebhook.JSONPatchOp {
	window := appliedWindow(old)
	if window == 0 || len(pod.Spec.Containers) != len(old.Spec.Containers) {
		return nil
	}
	sleep := int64(window / time.Second)
	var ops []ctrlwebhook.JSONPatchOp
	for i := range pod.Spec.Containers {
		container, before, path := &pod.Spec.Containers[i], &old.Spec.Containers[i], fmt.Sprintf("/spec/containers/%d", i)
		if container.Name != before.Name || !sleeps(before, window) {
			continue
		}
		if op, needed := sleepOp(path+"/lifecycle", container.Lifecycle, sleep); needed {
			ops = append(ops, op)
		}
		for field, probes := range map[string][2]*corev1.Probe{
			"livenessProbe": {container.LivenessProbe, before.LivenessProbe},
			"startupProbe":  {container.StartupProbe, before.StartupProbe},
		} {
			if is, was := probeGrace(probes[0]), probeGrace(probes[1]); is > 0 && is != was && saturatingAdd(is, sleep) == was {
				ops = append(ops, add(path+"/"+field+"/terminationGracePeriodSeconds", was))
			}
		}
	}
	if is, was := gracePeriod(pod), gracePeriod(old); is != was && saturatingAdd(is, sleep) == was {
		ops = append(ops, add("/spec/terminationGracePeriodSeconds", was))
	}
	if len(ops) > 0 && appliedWindow(pod) != window {
		ops = append(ops, noteOp(pod, config.DrainWindowAppliedKey, window))
	}
	return ops
}

// probeGrace is a probe's own grace period in seconds; zero for none.
func probeGrace(probe *corev1.Probe) int64 {
	if probe == nil || probe.TerminationGracePeriodSeconds == nil {
		return 0
	}
	return *probe.TerminationGracePeriodSeconds
}
