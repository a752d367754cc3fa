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

// windowPatch returns the operations that add a drain window to a pod: each container without a preStop hook gets a preStop sleep, and the
// grace periods of its probes and of the pod are extended by the window. There are no operations if the window is zero or every container
// has a preStop hook.
//
// The operations are not computed as the difference of two encoded pods: the API server may know fields that this version does not, and
// encoding would drop them.
//
// Sidecars (restartable init containers) get no sleep. The kubelet runs all preStop hooks at once, but stops a sidecar only after
// every container has ended (killContainer and terminationOrdering in kubernetes/pkg/kubelet/kuberuntime, 1.29 and later). So the sleep of
// one container keeps all sidecars running.
//
// The annotation says by how much the grace period was extended, which makes the patch idempotent: if another webhook adds a container and
// the API server calls again, that container gets the same sleep and the grace period stays.
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
			// A probe's grace period that is not longer than the sleep was reset, for example by another webhook.
			ops = append(ops, probeOps(path, container, sleep, sleep)...)
		}
	}
	grace := gracePeriod(pod)
	// A grace period that is shorter than the sleep was reset. The API server would refuse it.
	reset := applied > 0 && grace < sleep
	if slept && applied == 0 || reset {
		ops = append(ops, add("/spec/terminationGracePeriodSeconds", saturatingAdd(grace, sleep)), annotationOp(pod, config.DrainWindowAppliedKey, window))
	}
	return ops
}

// probeOps returns the operations that extend the grace periods that a container's probes have of their own, up to longest. The sleep would
// use up such a grace period, and the kubelet would kill the container two seconds later. A value that the API server refuses stays.
func probeOps(path string, container *corev1.Container, sleep, longest int64) []ctrlwebhook.JSONPatchOp {
	var ops []ctrlwebhook.JSONPatchOp
	for _, probe := range []struct {
		field string
		*corev1.Probe
	}{{"livenessProbe", container.LivenessProbe}, {"startupProbe", container.StartupProbe}} { // a readinessProbe stops no container
		if probe.Probe == nil || probe.TerminationGracePeriodSeconds == nil {
			continue
		}
		if grace := *probe.TerminationGracePeriodSeconds; grace > 0 && grace <= longest {
			ops = append(ops, add(path+"/"+probe.field+"/terminationGracePeriodSeconds", saturatingAdd(grace, sleep)))
		}
	}
	return ops
}

// appliedWindow returns the drain window that the pod already has; zero for none. The annotation alone proves nothing: it may have been
// copied into a template without the sleep.
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

// sleeps reports whether a container's preStop hook is a sleep as long as the window.
func sleeps(container *corev1.Container, window time.Duration) bool {
	lifecycle := container.Lifecycle
	return lifecycle != nil && lifecycle.PreStop != nil && lifecycle.PreStop.Sleep != nil &&
		lifecycle.PreStop.Sleep.Seconds == int64(window/time.Second)
}

// sleepOp returns the operation that adds a preStop sleep to a container without a preStop hook. The rest of the lifecycle stays.
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

// annotationOp returns the operation that sets an annotation to a window.
func annotationOp(pod *corev1.Pod, key string, window time.Duration) ctrlwebhook.JSONPatchOp {
	if pod.Annotations == nil {
		return add("/metadata/annotations", map[string]any{key: window.String()})
	}
	escaped := strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
	return add("/metadata/annotations/"+escaped, window.String())
}

// roomForAnnotation reports whether a pod can have one more annotation: the API server limits their total size.
func roomForAnnotation(pod *corev1.Pod) bool {
	const longest = len(config.DrainWindowRefusedKey) + len(config.DrainWindowAppliedKey) + 2*len("10m0s")
	size := longest
	for key, value := range pod.Annotations {
		size += len(key) + len(value)
	}
	return size <= apivalidation.TotalAnnotationSizeLimitB
}

// add returns an "add" operation. It also replaces an existing value; "replace" would fail where there is none.
func add(path string, value any) ctrlwebhook.JSONPatchOp {
	return ctrlwebhook.JSONPatchOp{Operation: "add", Path: path, Value: value}
}

// gracePeriod returns the pod's grace period in seconds. One that is missing or negative has the API server's default.
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
