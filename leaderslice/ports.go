package leaderslice

import (
	"cmp"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// SlicePorts returns a Service's ports as its slice has them while this pod leads: with the Service's port names, and with the numbers that
// the pod's containers give to named target ports. A port that the pod does not have is omitted, as by Kubernetes' own endpoint controllers.
// missing has a text for each of these ports.
func SlicePorts(ports []corev1.ServicePort, pod *corev1.Pod) (resolved []discoveryv1.EndpointPort, missing []string) {
	resolved, named := make([]discoveryv1.EndpointPort, 0, len(ports)), namedPorts(pod)
	for i := range ports {
		port := &ports[i]
		number := named.target(port)
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

// CountPorts returns how many of a Service's ports a pod has, and how many it lacks.
func CountPorts(ports []corev1.ServicePort, pod *corev1.Pod) (present, missing int) {
	named := namedPorts(pod)
	for i := range ports {
		if named.target(&ports[i]) == 0 {
			missing++
		} else {
			present++
		}
	}
	return present, missing
}

// portKey is what a named target port is looked up by.
type portKey struct {
	name     string
	protocol corev1.Protocol
}

// portNumbers are the named ports of a pod. Both a Service and a pod may have a thousand ports, so no list is searched for each port.
type portNumbers map[portKey]int32

// namedPorts returns the named ports of a pod. Of several ports with the same name and protocol the first counts. The ports of sidecars
// (restartable init containers) count, because they run beside the other containers.
func namedPorts(pod *corev1.Pod) portNumbers {
	all := portNumbers{}
	add := func(container *corev1.Container) {
		for _, port := range container.Ports {
			key := portKey{port.Name, cmp.Or(port.Protocol, corev1.ProtocolTCP)}
			if all[key] == 0 {
				all[key] = port.ContainerPort
			}
		}
	}
	for i := range pod.Spec.Containers {
		add(&pod.Spec.Containers[i])
	}
	for i := range pod.Spec.InitContainers {
		if container := &pod.Spec.InitContainers[i]; AlwaysRestarts(container) {
			add(container)
		}
	}
	return all
}

// target returns the number of a Service's port in the pod; 0 if no container has it.
func (n portNumbers) target(port *corev1.ServicePort) int32 {
	if port.TargetPort.Type == intstr.Int {
		return cmp.Or(port.TargetPort.IntVal, port.Port)
	}
	return n[portKey{port.TargetPort.StrVal, protocol(port)}]
}

// AlwaysRestarts reports whether a container's own restart policy is Always. An init container of which that is true is a sidecar.
func AlwaysRestarts(container *corev1.Container) bool {
	return container.RestartPolicy != nil && *container.RestartPolicy == corev1.ContainerRestartPolicyAlways
}

// protocol returns a port's protocol, with the API server's default.
func protocol(port *corev1.ServicePort) corev1.Protocol {
	if port.Protocol == "" {
		return corev1.ProtocolTCP
	}
	return port.Protocol
}
