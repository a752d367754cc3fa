package config

import (
	"math"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// DrainWindowOf is how long a pod made like this keeps serving after its deletion begins: the shortest preStop sleep of the
// containers that serve, since a port is lost with the first of them. Zero when one of them has no preStop at all.
//
// ownHook says that one of them runs a command or a request of its user's instead of a sleep, which takes nobody knows how long; it
// is not part of the window. Containers that declare ports serve; when none does, all of them might. Sidecars (restartable init
// containers) do not count: the kubelet ends them after all the others, so they are never the first to go.
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

// seconds is the duration, or the longest there is.
func seconds(n int64) time.Duration {
	if n > int64(math.MaxInt64/time.Second) {
		return math.MaxInt64
	}
	return time.Duration(n) * time.Second
}
