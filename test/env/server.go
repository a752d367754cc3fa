package env

import (
	"os"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Server is a container that answers HTTP requests on its port http, and is ready within about a second.
func Server() corev1.Container {
	return corev1.Container{
		Name: "web", Image: Image(), Args: []string{"bench-server"},
		Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}},
		ReadinessProbe: &corev1.Probe{PeriodSeconds: 1, ProbeHandler: corev1.ProbeHandler{
			HTTPGet: &corev1.HTTPGetAction{Path: "/healthz", Port: intstr.FromString("http")},
		}},
	}
}

// ServerPorts are the ports of a Service in front of such containers.
func ServerPorts() []corev1.ServicePort {
	return []corev1.ServicePort{{Name: "http", Port: 80, TargetPort: intstr.FromString("http")}}
}

// Image is the image with the server, and with the client that sends it requests.
func Image() string { return os.Getenv("BENCH_IMAGE") }
