package store

import corev1 "k8s.io/api/core/v1"

// PodsAt returns the pods that have an address, of all namespaces that are watched. Those in the host network have their node's.
func (s *Stores) PodsAt(address string) []*corev1.Pod {
	return byIndex[*corev1.Pod](s.Pods, podsByAddress, address)
}

// addresses returns all addresses of a pod.
func addresses(pod *corev1.Pod) []string {
	all := make([]string, 0, len(pod.Status.PodIPs))
	for _, ip := range pod.Status.PodIPs {
		all = append(all, ip.IP)
	}
	return all
}
