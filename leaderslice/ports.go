package leaderslice

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// SlicePorts are a Service's ports as a slice has them when this pod leads: under the Service's port names, with the numbers that
// the pod's containers give to named target ports. A port that the pod does not have is left out, as Kubernetes' own endpoint
// controllers do, and missing says which.
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

// targetPort is the number of a Service's port in the pod; 0 when no container has it. A restartable init container (a sidecar)
// runs beside the others, so its ports count.
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

func Restartable(container *corev1.Container) bool {
	return container.RestartPolicy != nil && *container.RestartPolicy == corev1.ContainerRestartPolicyAlways
}

func protocol(port *corev1.ServicePort) corev1.Protocol {
	if port.Protocol == "" {
		return corev1.ProtocolTCP
	}
	return port.Protocol
}
