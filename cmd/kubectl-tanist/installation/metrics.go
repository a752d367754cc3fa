package installation

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// OpenMetrics returns the port where a replica shows its metrics to anybody. Otherwise it returns why it does not.
func OpenMetrics(replica *corev1.PodSpec) (port int32, why string) {
	open := false
	for i := range replica.Containers {
		c := &replica.Containers[i]
		open = open || slices.Contains(c.Args, "--metrics-secure=false")
		for _, p := range c.Ports {
			if p.Name == "metrics" {
				port = p.ContainerPort
			}
		}
	}
	switch {
	case port == 0:
		return 0, "replicas serve no metrics"
	case !open:
		return 0, "replicas show their metrics only to whom they know, such as Prometheus"
	}
	return port, ""
}
