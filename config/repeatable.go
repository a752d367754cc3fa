package config

import (
	"cmp"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// maxProbeBytes limits a probe that can be repeated, as encoded. A replica keeps such a probe of each pod that it watches in memory.
const maxProbeBytes = 1 << 10

// RepeatableProbe returns the first readiness probe of a pod that can be repeated from another node: an HTTP request or a connection to the
// pod's own address, or a gRPC health check. It looks at the containers, and then at the sidecars. It returns nil if there is none, as for
// a command, which runs in the container.
//
// The port of the probe is a number, and defaults are filled in. Nothing else than what repeats it is left. The result for a pod
// that has this probe alone is the same.
func RepeatableProbe(pod *corev1.PodSpec) *corev1.Probe {
	for i := range pod.Containers {
		if probe := repeatable(&pod.Containers[i]); probe != nil {
			return probe
		}
	}
	for i := range pod.InitContainers {
		if isSidecar(&pod.InitContainers[i]) {
			if probe := repeatable(&pod.InitContainers[i]); probe != nil {
				return probe
			}
		}
	}
	return nil
}

func repeatable(container *corev1.Container) *corev1.Probe {
	readiness := container.ReadinessProbe
	if readiness == nil {
		return nil
	}
	// The API server fills in these defaults, but not in every object of a test.
	probe := &corev1.Probe{TimeoutSeconds: max(readiness.TimeoutSeconds, 1), FailureThreshold: cmp.Or(readiness.FailureThreshold, 3)}
	switch {
	case readiness.HTTPGet != nil:
		probe.HTTPGet = repeatableRequest(readiness.HTTPGet, container)
	case readiness.GRPC != nil:
		probe.GRPC = repeatableCheck(readiness.GRPC)
	case readiness.TCPSocket != nil:
		probe.TCPSocket = repeatableConnection(readiness.TCPSocket, container)
	}
	if probe.HTTPGet == nil && probe.GRPC == nil && probe.TCPSocket == nil || probe.Size() > maxProbeBytes {
		return nil
	}
	return probe
}

// repeatableRequest returns nil for a request to another host, for one without a valid port, and for HTTP/2 without TLS.
func repeatableRequest(get *corev1.HTTPGetAction, container *corev1.Container) *corev1.HTTPGetAction {
	scheme, port := cmp.Or(get.Scheme, corev1.URISchemeHTTP), portOf(get.Port, container)
	if get.Host != "" || port == 0 || scheme != corev1.URISchemeHTTP && scheme != corev1.URISchemeHTTPS ||
		get.Protocol != nil && *get.Protocol != corev1.HTTPProtocolHTTP1 {
		return nil
	}
	return &corev1.HTTPGetAction{Scheme: scheme, Path: get.Path, Port: intstr.FromInt32(port), HTTPHeaders: slices.Clip(get.HTTPHeaders)}
}

func repeatableCheck(check *corev1.GRPCAction) *corev1.GRPCAction {
	if !validPort(check.Port) {
		return nil
	}
	repeated := &corev1.GRPCAction{Port: check.Port}
	if check.Service != nil && *check.Service != "" {
		repeated.Service = check.Service
	}
	return repeated
}

// repeatableConnection returns nil for a connection to another host, and for one without a valid port.
func repeatableConnection(socket *corev1.TCPSocketAction, container *corev1.Container) *corev1.TCPSocketAction {
	port := portOf(socket.Port, container)
	if socket.Host != "" || port == 0 {
		return nil
	}
	return &corev1.TCPSocketAction{Port: intstr.FromInt32(port)}
}

// portOf returns the number of a probe's port as the kubelet finds it (k8s.io/kubernetes/pkg/probe, ResolveContainerPort): a name is looked
// up in the probe's own container, whatever the protocol, and may be a number too. It returns 0 if there is none.
func portOf(port intstr.IntOrString, container *corev1.Container) int32 {
	number := port.IntVal
	if port.Type == intstr.String {
		at := slices.IndexFunc(container.Ports, func(p corev1.ContainerPort) bool { return p.Name == port.StrVal })
		if at >= 0 {
			number = container.Ports[at].ContainerPort
		} else {
			parsed, _ := strconv.ParseInt(port.StrVal, 10, 32) // what is no number is no port
			number = int32(parsed)
		}
	}
	if !validPort(number) {
		return 0
	}
	return number
}

func validPort(port int32) bool { return port > 0 && port < 1<<16 }
