package installation

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestOpenMetrics(t *testing.T) {
	ports := []corev1.ContainerPort{{Name: "webhook", ContainerPort: 10250}, {Name: "metrics", ContainerPort: 8443}}
	open := []string{"--v=1", "--metrics-secure=false"}
	for name, test := range map[string]struct {
		container corev1.Container
		port      int32
		why       string
	}{
		"for anybody": {corev1.Container{Args: open, Ports: ports}, 8443, ""},
		"for some":    {corev1.Container{Ports: ports}, 0, "replicas show their metrics only to whom they know, such as Prometheus"},
		"for nobody":  {corev1.Container{Args: open, Ports: ports[:1]}, 0, "replicas serve no metrics"},
	} {
		t.Run(name, func(t *testing.T) {
			port, why := OpenMetrics(&corev1.PodSpec{Containers: []corev1.Container{test.container}})
			if port != test.port || why != test.why {
				t.Errorf("got %d, %q, want %d, %q", port, why, test.port, test.why)
			}
		})
	}
}
