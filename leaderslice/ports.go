package leaderslice

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// SlicePorts returns a Service's ports as its slice has them while this pod leads: with the Service's port names, and with the numbers that
// the pod's containers give to named target ports. A port that the pod does not have is omitted, as by Kubernetes' own endpoint controllers.
// missing has a text for each of these ports.
func SlicePorts(ports []corev1.ServicePort, pod *corev1.Pod) (resolved []discoveryv1.EndpointPort, missing []string) {
	resolved = make([]discoveryv1.EndpointPort, 0, len(ports))
	for i := range ports {
		port := &ports[i]
		number := targetPort(port, pod)
		if number == 0 {
			missing = append(missing, fmt.Sprintf("no container has a port named %q with protocol %s", port.TargetPort.StrVal, protocol(port)))
			continue
		}
		name, protocol := port.Name, protocol(port)
		resolved = append(resolved, discoveryv1.EndpointPort{
			Name: &name, Protocol: &protocol, Port: &number, AppProtocol: port.AppProtocol,
		})
	}
	return resolved, missing
}

// targetPort returns the number of a Service's port in the pod; 0 if no container has it. The ports of sidecars (restartable init containers)
// count, because they run beside the other containers.
func targetPort(port *corev1.ServicePort, pod *corev1.Pod) int32 {
	if port.TargetPort.Type == intstr.Int {
		if port.TargetPort.IntVal == 0 {
			return port.Port
		}
		return port.TargetPort.IntVal
	}
	for i := range pod.Spec.Containers {
		if number := containerPort(&pod.Spec.Containers[i], port); number != 0 {
			return number
		}
	}
	for i := range pod.Spec.InitContainers {
		container := &pod.Spec.InitContainers[i]
		if !Restartable(container) {
			continue
		}
		if number := containerPort(container, port); number != 0 {
			return number
		}
	}
	return 0
}

// containerPort returns the number that a container gives to a Service's named target port; 0 if the container does not have it.
func containerPort(container *corev1.Container, port *corev1.ServicePort) int32 {
	for _, candidate := range container.Ports {
		declared := candidate.Protocol
		if declared == "" {
			declared = corev1.ProtocolTCP
		}
		if candidate.Name == port.TargetPort.StrVal && declared == protocol(port) {
			return candidate.ContainerPort
		}
	}
	return 0
}

// Restartable reports whether an init container is a sidecar.
func Restartable(container *corev1.Container) bool {
	return container.RestartPolicy != nil && *container.RestartPolicy == corev1.ContainerRestartPolicyAlways
}

// protocol returns a port's protocol, with the API server's default.
func protocol(port *corev1.ServicePort) corev1.Protocol {
	if port.Protocol == "" {
		return corev1.ProtocolTCP
	}
	return port.Protocol
}
