package afterhandover

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/trim"
)

// notEvictable says why a pod is not evicted although its Service asks for it; empty if it may be. As for kubectl drain, that is a pod which
// nothing would replace. A Job would count the eviction as a failure of the pod's work.
func notEvictable(pod *corev1.Pod) string {
	switch controller := metav1.GetControllerOfNoCopy(pod); {
	case controller == nil:
		return "no controller would replace it"
	case controller.Kind == "Node":
		return "it is a static pod, which its kubelet would go on running"
	case trim.RunsToCompletion(pod):
		return "it runs to completion, and an eviction would abort its work"
	default:
		return ""
	}
}

// url returns what to call on the old leader, or why it cannot be called. The address is the pod's own, whatever anybody has written.
func (in input) url() (url, problem string) {
	port, problem := in.port()
	if problem != "" {
		return "", problem
	}
	if in.pod.Spec.HostNetwork && !declares(in.pod, port) {
		return "", fmt.Sprintf("it uses its node's network, and port %d is not a named port of its containers, so it may be another program's", port)
	}
	address := leaderslice.Address(in.pod, leaderslice.PrimaryFamily(in.leaderService))
	if address == "" && len(in.pod.Status.PodIPs) > 0 {
		address = in.pod.Status.PodIPs[0].IP
	}
	if ip, err := netip.ParseAddr(address); err != nil || ip.IsUnspecified() || ip.IsLoopback() || ip.IsMulticast() || ip.IsLinkLocalUnicast() {
		return "", fmt.Sprintf("its address %q is not one of a pod", address)
	}
	return "http://" + net.JoinHostPort(address, strconv.Itoa(int(port))) + in.options.Path, ""
}

// port returns the number of the port to call: the one that the annotation names, or else the target of the Service's first TCP port.
func (in input) port() (number int32, problem string) {
	if number, err := strconv.ParseInt(in.options.Port, 10, 32); err == nil {
		return int32(number), ""
	}
	wanted := corev1.ServicePort{TargetPort: intstr.FromString(in.options.Port)}
	if in.options.Port == "" {
		ports := in.source.Spec.Ports
		first := slices.IndexFunc(ports, func(port corev1.ServicePort) bool {
			return cmp.Or(port.Protocol, corev1.ProtocolTCP) == corev1.ProtocolTCP
		})
		if first < 0 {
			return 0, "the Service has no TCP port, so the annotation must name one"
		}
		wanted = ports[first]
	}
	resolved, missing := leaderslice.SlicePorts([]corev1.ServicePort{wanted}, in.pod)
	if len(missing) > 0 {
		return 0, missing[0]
	}
	return *resolved[0].Port, ""
}

// declares reports whether a port is one of those that a pod's containers have with a name.
func declares(pod *corev1.Pod, number int32) bool {
	return slices.ContainsFunc(slices.Concat(pod.Spec.Containers, pod.Spec.InitContainers), func(container corev1.Container) bool {
		return slices.ContainsFunc(container.Ports, func(port corev1.ContainerPort) bool {
			return port.Name != "" && port.ContainerPort == number
		})
	})
}
