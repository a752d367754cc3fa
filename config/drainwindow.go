package config

import (
	"math"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// DrainWindowOf returns how long a pod with this spec keeps serving after its deletion begins. It is the shortest preStop sleep of the
// containers that serve, because a port is lost with the first of them. It is zero if one of them has no preStop hook.
//
// ownHook is true if one of them has a preStop command or request instead of a sleep. Its duration is unknown, so it does not count as
// a window. Containers that declare ports serve; if none does, all of them may. Sidecars (restartable init containers) do not count:
// the kubelet stops them after all the others.
func DrainWindowOf(spec *corev1.PodSpec) (window time.Duration, ownHook bool) {
	shortest := int64(math.MaxInt64)
	for _, container := range servingContainers(spec) {
		if !hasPreStop(container) {
			return 0, false
		}
		preStop := container.Lifecycle.PreStop
		if preStop.Sleep != nil {
			shortest = min(shortest, preStop.Sleep.Seconds)
		}
		ownHook = ownHook || preStop.Exec != nil || preStop.HTTPGet != nil || preStop.TCPSocket != nil
	}
	if shortest == math.MaxInt64 {
		return 0, ownHook
	}
	return seconds(shortest), ownHook
}

func servingContainers(spec *corev1.PodSpec) []*corev1.Container {
	var all, withPorts []*corev1.Container
	for i := range spec.Containers {
		container := &spec.Containers[i]
		all = append(all, container)
		if len(container.Ports) > 0 {
			withPorts = append(withPorts, container)
		}
	}
	if len(withPorts) > 0 {
		return withPorts
	}
	return all
}

func hasPreStop(container *corev1.Container) bool {
	return container.Lifecycle != nil && container.Lifecycle.PreStop != nil
}

// seconds returns n seconds, or the longest duration if that overflows.
func seconds(n int64) time.Duration {
	if n > int64(math.MaxInt64/time.Second) {
		return math.MaxInt64
	}
	return time.Duration(n) * time.Second
}
