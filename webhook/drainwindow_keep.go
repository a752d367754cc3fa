package webhook

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/tanist-dev/tanist/config"
)

// keepPatch returns the operations that keep a pod's drain window when an update resets what the window changed.
//
// kubectl and Helm do that when they apply a pod's manifest again and the manifest has a grace period: they compare it with the pod, and
// ask for the manifest's value. The API server refuses such an update, because these fields of a pod are immutable. Without the drain
// window it would have allowed the update. Any other value is left to the API server.
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
		ops = append(ops, annotationOp(pod, config.DrainWindowAppliedKey, window))
	}
	return ops
}

// probeGrace returns a probe's own grace period in seconds; zero for none.
func probeGrace(probe *corev1.Probe) int64 {
	if probe == nil || probe.TerminationGracePeriodSeconds == nil {
		return 0
	}
	return *probe.TerminationGracePeriodSeconds
}
