package trim

import (
	"runtime"
	"slices"
	"sync"
	"time"
	"weak"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
)

// trimContainers returns one container that has the named ports of all, in their order: only a name in a target port is looked up. It returns none if
// there are no such ports.
func trimContainers(containers []corev1.Container) []corev1.Container {
	var ports []corev1.ContainerPort
	for i := range containers {
		for _, port := range containers[i].Ports {
			if port.Name != "" {
				ports = append(ports, corev1.ContainerPort{Name: port.Name, ContainerPort: port.ContainerPort, Protocol: port.Protocol})
			}
		}
	}
	if len(ports) == 0 {
		return nil
	}
	return []corev1.Container{{Ports: ports}}
}

// trimSidecars returns one sidecar that stands for all init containers that are sidecars, as trimContainers does.
func trimSidecars(containers []corev1.Container) []corev1.Container {
	var sidecars []corev1.Container
	for i := range containers {
		if leaderslice.AlwaysRestarts(&containers[i]) {
			sidecars = append(sidecars, containers[i])
		}
	}
	kept := trimContainers(sidecars)
	for i := range kept {
		kept[i].RestartPolicy = new(corev1.ContainerRestartPolicyAlways)
	}
	return kept
}

// withDrainWindow gives the container that is kept a preStop hook that stands for the hooks of all the pod's containers. So
// config.DrainWindowOf returns the same for a trimmed pod. A pod without a window takes no memory for it.
func withDrainWindow(kept []corev1.Container, spec *corev1.PodSpec) []corev1.Container {
	window, ownHook := config.DrainWindowOf(spec)
	if window == 0 && !ownHook {
		return kept
	}
	preStop := &corev1.LifecycleHandler{}
	if window > 0 {
		preStop.Sleep = &corev1.SleepAction{Seconds: int64(window / time.Second)}
	}
	if ownHook {
		preStop.Exec = &corev1.ExecAction{}
	}
	if len(kept) == 0 {
		kept = []corev1.Container{{}}
	}
	kept[0].Lifecycle = &corev1.Lifecycle{PreStop: preStop}
	return kept
}

// maxSharedBytes is the size, encoded, of the largest container that is shared. Few workloads have a larger one, and the table has a copy of each.
const maxSharedBytes = 1 << 10

// containers has the containers of the pods in memory.
var containers containerTable

// containerTable shares equal containers: the pods of a workload all have the same ones. It forgets a container after the last pod that has it.
type containerTable struct {
	mu sync.Mutex
	// known has the containers by their encoding.
	known map[string]weak.Pointer[[1]corev1.Container]
}

// share returns the list that all pods with a container equal to that of a list share. It must not be modified. A list of any other length is returned
// as it is.
func (t *containerTable) share(list []corev1.Container) []corev1.Container {
	if len(list) != 1 || list[0].Size() > maxSharedBytes {
		return list
	}
	encoded, err := list[0].Marshal()
	if err != nil {
		return list // never: it holds no type that cannot be encoded
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if shared := t.known[string(encoded)].Value(); shared != nil {
		return shared[:]
	}
	if t.known == nil {
		t.known = map[string]weak.Pointer[[1]corev1.Container]{}
	}
	key, shared := string(encoded), (*[1]corev1.Container)(slices.Clone(list))
	t.known[key] = weak.Make(shared)
	runtime.AddCleanup(shared, t.forget, key)
	return shared[:]
}

// forget removes a container that nobody has any longer.
func (t *containerTable) forget(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known[key].Value() == nil {
		delete(t.known, key)
	}
}
