package store

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/observe"
)

// ProbeOf returns how a pod can be asked from outside whether it answers: like its first readiness probe that can be repeated. It returns nil
// if it has none, or no address. It returns the same for a pod that is kept in memory.
func ProbeOf(pod *corev1.Pod) *observe.Probe {
	readiness := config.RepeatableProbe(&pod.Spec)
	address := Address(pod)
	if readiness == nil || !address.IsValid() {
		return nil
	}
	probe := &observe.Probe{
		Timeout: time.Duration(readiness.TimeoutSeconds) * time.Second, FailureThreshold: int(readiness.FailureThreshold),
	}
	var port int32
	switch {
	case readiness.HTTPGet != nil:
		get := readiness.HTTPGet
		probe.Kind, port, probe.Path = observe.ProbeHTTP, get.Port.IntVal, get.Path
		if get.Scheme == corev1.URISchemeHTTPS {
			probe.Kind = observe.ProbeHTTPS
		}
		probe.Host, probe.Headers = splitHost(get.HTTPHeaders)
	case readiness.GRPC != nil:
		probe.Kind, port = observe.ProbeGRPC, readiness.GRPC.Port
		if readiness.GRPC.Service != nil {
			probe.Service = *readiness.GRPC.Service
		}
	default:
		probe.Kind, port = observe.ProbeTCP, readiness.TCPSocket.Port.IntVal
	}
	probe.Address = netip.AddrPortFrom(address, uint16(port))
	return probe
}

// splitHost returns the host that the first header Host asks for, as for a kubelet, and the other headers.
func splitHost(all []corev1.HTTPHeader) (host string, headers []observe.Header) {
	for _, header := range all {
		if strings.EqualFold(header.Name, "Host") {
			host = cmp.Or(host, header.Value)
		} else {
			headers = append(headers, observe.Header{Name: header.Name, Value: header.Value})
		}
	}
	return host, headers
}

// Address returns a pod's primary address, or the zero address if it has none yet.
func Address(pod *corev1.Pod) netip.Addr {
	if len(pod.Status.PodIPs) == 0 {
		return netip.Addr{}
	}
	address, _ := netip.ParseAddr(pod.Status.PodIPs[0].IP) // the zero address if it is none
	return address
}

// ObservedNode returns what an observer has to know of a node. It reports false if there is no such node.
func (s *Stores) ObservedNode(name string) (observe.Node, bool) {
	node := s.Node(name)
	if node == nil {
		return observe.Node{}, false
	}
	return observedNode(node), true
}

// ObservedNodes returns what an observer has to know of each node, in no particular order.
func (s *Stores) ObservedNodes() []observe.Node {
	var all []observe.Node
	for _, object := range s.nodes.List() {
		if node, ok := object.(*corev1.Node); ok {
			all = append(all, observedNode(node))
		}
	}
	return all
}

func observedNode(node *corev1.Node) observe.Node {
	observed := observe.Node{Name: node.Name, Zone: node.Labels[corev1.LabelTopologyZone]}
	port := node.Status.DaemonEndpoints.KubeletEndpoint.Port
	if port <= 0 || port >= 1<<16 {
		return observed
	}
	for _, address := range node.Status.Addresses {
		if parsed, err := netip.ParseAddr(address.Address); err == nil && address.Type == corev1.NodeInternalIP {
			observed.Kubelet = netip.AddrPortFrom(parsed, uint16(port))
			return observed
		}
	}
	return observed
}

// Replicas returns the ready replicas of this installation that can be asked, this one included, sorted by name.
func (s *Stores) Replicas() []observe.Replica {
	var all []observe.Replica
	for _, pod := range byIndex[*corev1.Pod](s.replicas, podsByLabel, s.Installation+"/"+pair(config.ReplicaNameKey, config.ReplicaName)) {
		address := netip.AddrPortFrom(Address(pod), NamedPort(pod, config.PeersPort))
		if readyStatus(pod) == corev1.ConditionTrue && address.Addr().IsValid() && address.Port() != 0 {
			all = append(all, observe.Replica{Name: pod.Name, Node: pod.Spec.NodeName, Address: address})
		}
	}
	slices.SortFunc(all, func(a, b observe.Replica) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// NamedPort returns the number of a pod's port; 0 if it has none of that name, such as a replica of a version that does not serve it.
func NamedPort(pod *corev1.Pod, name string) uint16 {
	for i := range pod.Spec.Containers {
		for _, port := range pod.Spec.Containers[i].Ports {
			if port.Name == name {
				return uint16(port.ContainerPort)
			}
		}
	}
	return 0
}
