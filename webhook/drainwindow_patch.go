package webhook

import (
	"fmt"
	"math"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/tanist-dev/tanist/config"
)

// windowPatch are the operations that give a pod a drain window: a preStop sleep for each container without a preStop, and once a
// grace period that is as much longer. There are none for a window of zero, and when every container has a preStop of its own.
//
// They are written one by one, and not as the difference of two encoded pods: the API server may know fields that we do not, and
// encoding ours would drop them.
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
	for i := range pod.Spec.Containers {
		if op, needed := sleepOp(fmt.Sprintf("/spec/containers/%d/lifecycle", i), pod.Spec.Containers[i].Lifecycle, sleep); needed {
			ops = append(ops, op)
		}
	}
	grace := gracePeriod(pod)
	// A pod whose grace period is shorter than a sleep in it is refused. Somebody must have reset what we had extended.
	reset := applied > 0 && grace < sleep
	if len(ops) > 0 && applied == 0 || reset {
		ops = append(ops, add("/spec/terminationGracePeriodSeconds", saturatingAdd(grace, sleep)), noteOp(pod, window))
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
		lifecycle := pod.Spec.Containers[i].Lifecycle
		if lifecycle != nil && lifecycle.PreStop != nil && lifecycle.PreStop.Sleep != nil &&
			lifecycle.PreStop.Sleep.Seconds == int64(window/time.Second) {
			return window
		}
	}
	return 0
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

func noteOp(pod *corev1.Pod, window time.Duration) ctrlwebhook.JSONPatchOp {
	if pod.Annotations == nil {
		return add("/metadata/annotations", map[string]any{config.DrainWindowAppliedKey: window.String()})
	}
	escaped := strings.NewReplacer("~", "~0", "/", "~1").Replace(config.DrainWindowAppliedKey)
	return add("/metadata/annotations/"+escaped, window.String())
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
