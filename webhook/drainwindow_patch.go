package webhook

import (
	"fmt"
	"math"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/tanist-dev/tanist/config"
)

// windowPatch returns the operations that give a pod a drain window: a preStop sleep for each container without a preStop, probes'
// grace periods of such a container that are as much longer, and once a longer grace period of the pod. There are none for a window of
// zero, and when every container has a preStop of its own.
//
// The operations are written one by one, and are not the difference of two encoded pods: the API server may know fields that we do
// not, and encoding ours would drop them.
//
// Sidecars (restartable init containers) get no sleep. The kubelet runs all preStop hooks at once, but stops a sidecar only after
// every container has ended (killContainer and terminationOrdering in kubernetes/pkg/kubelet/kuberuntime, 1.29 and later), so the
// sleep of one container keeps all of them.
//
// The annotation that notes by how much the grace period was extended makes this idempotent: when another webhook adds a container
// and we are asked again, that one gets the same sleep and the grace period stays.
func windowPatch(pod *corev1.Pod, window time.Duration) []ctrlwebhook.JSONPatchOp {
	if window == 0 {
		return nil
	}
	applied := appliedWindow(pod)
	if applied > 0 {
		window = applied
	}
	sleep := int64(window / time.Second)

	var ops []ctrlwebhook.JSONPatchOp
	slept := false
	for i := range pod.Spec.Containers {
		container, path := &pod.Spec.Containers[i], fmt.Sprintf("/spec/containers/%d", i)
		op, needed := sleepOp(path+"/lifecycle", container.Lifecycle, sleep)
		switch {
		case needed:
			slept = true
			ops = append(ops, op)
			ops = append(ops, probeOps(path, container, sleep, math.MaxInt64)...)
		case applied > 0 && sleeps(container, applied):
			// Somebody must have reset a probe's grace period that is not longer than the sleep.
			ops = append(ops, probeOps(path, container, sleep, sleep)...)
		}
	}
	grace := gracePeriod(pod)
	// A pod whose grace period is shorter than a sleep in it is refused. Somebody must have reset what we had extended.
	reset := applied > 0 && grace < sleep
	if slept && applied == 0 || reset {
		ops = append(ops, add("/spec/terminationGracePeriodSeconds", saturatingAdd(grace, sleep)), noteOp(pod, config.DrainWindowAppliedKey, window))
	}
	return ops
}

// probeOps extends the grace periods that a container's probes have of their own, up to a longest one. Without this the sleep uses up
// such a grace period, and the kubelet kills the container two seconds later. A value that the API refuses stays as it is.
func probeOps(path string, container *corev1.Container, sleep, longest int64) []ctrlwebhook.JSONPatchOp {
	var ops []ctrlwebhook.JSONPatchOp
	for _, probe := range []struct {
		field string
		*corev1.Probe
	}{{"livenessProbe", container.LivenessProbe}, {"startupProbe", container.StartupProbe}} { // a readinessProbe stops nothing
		if probe.Probe == nil || probe.TerminationGracePeriodSeconds == nil {
			continue
		}
		if grace := *probe.TerminationGracePeriodSeconds; grace > 0 && grace <= longest {
			ops = append(ops, add(path+"/"+probe.field+"/terminationGracePeriodSeconds", saturatingAdd(grace, sleep)))
		}
	}
	return ops
}

// appliedWindow is the window that the pod has been given already; zero for none. The annotation alone proves nothing: it may have
// been copied into a template without the rest.
func appliedWindow(pod *corev1.Pod) time.Duration {
	window, err := time.ParseDuration(pod.Annotations[config.DrainWindowAppliedKey])
	if err != nil || window <= 0 {
		return 0
	}
	for i := range pod.Spec.Containers {
		if sleeps(&pod.Spec.Containers[i], window) {
			return window
		}
	}
	return 0
}

// sleeps reports whether a container's preStop is a sleep of this window.
func sleeps(container *corev1.Container, window time.Duration) bool {
	lifecycle := container.Lifecycle
	return lifecycle != nil && lifecycle.PreStop != nil && lifecycle.PreStop.Sleep != nil &&
		lifecycle.PreStop.Sleep.Seconds == int64(window/time.Second)
}

// sleepOp leaves the rest of a container's lifecycle as it is.
func sleepOp(path string, lifecycle *corev1.Lifecycle, seconds int64) (op ctrlwebhook.JSONPatchOp, needed bool) {
	preStop := map[string]any{"sleep": map[string]any{"seconds": seconds}}
	switch {
	case lifecycle == nil:
		return add(path, map[string]any{"preStop": preStop}), true
	case lifecycle.PreStop == nil:
		return add(path+"/preStop", preStop), true
	default:
		return ctrlwebhook.JSONPatchOp{}, false
	}
}

// noteOp annotates a pod with a window.
func noteOp(pod *corev1.Pod, key string, window time.Duration) ctrlwebhook.JSONPatchOp {
	if pod.Annotations == nil {
		return add("/metadata/annotations", map[string]any{key: window.String()})
	}
	escaped := strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
	return add("/metadata/annotations/"+escaped, window.String())
}

// roomForNote reports whether the API server takes one annotation more: the size of all of them is limited.
func roomForNote(pod *corev1.Pod) bool {
	const longest = len(config.DrainWindowRefusedKey) + len(config.DrainWindowAppliedKey) + 2*len("10m0s")
	size := longest
	for key, value := range pod.Annotations {
		size += len(key) + len(value)
	}
	return size <= apivalidation.TotalAnnotationSizeLimitB
}

// add is also what replaces a value, and works where it is missing.
func add(path string, value any) ctrlwebhook.JSONPatchOp {
	return ctrlwebhook.JSONPatchOp{Operation: "add", Path: path, Value: value}
}

// gracePeriod is the pod's, in seconds, with the API server's defaults for one that is missing or negative.
func gracePeriod(pod *corev1.Pod) int64 {
	switch grace := pod.Spec.TerminationGracePeriodSeconds; {
	case grace == nil:
		return corev1.DefaultTerminationGracePeriodSeconds
	case *grace < 0:
		return 1
	default:
		return *grace
	}
}

func saturatingAdd(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
