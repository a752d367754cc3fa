package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// asks is a container with a readiness probe, and a port named web.
func asks(handler corev1.ProbeHandler, changes ...func(*corev1.Container)) corev1.Container {
	container := corev1.Container{
		Ports: []corev1.ContainerPort{{Name: "web", ContainerPort: 8080}},
		ReadinessProbe: &corev1.Probe{
			ProbeHandler: handler, TimeoutSeconds: 2, FailureThreshold: 4, PeriodSeconds: 7, InitialDelaySeconds: 9, SuccessThreshold: 1,
		},
	}
	for _, change := range changes {
		change(&container)
	}
	return container
}

func httpGet(port intstr.IntOrString, changes ...func(*corev1.HTTPGetAction)) corev1.ProbeHandler {
	get := &corev1.HTTPGetAction{Path: "/ready", Port: port, Scheme: corev1.URISchemeHTTP}
	for _, change := range changes {
		change(get)
	}
	return corev1.ProbeHandler{HTTPGet: get}
}

func tcpSocket(port intstr.IntOrString, host string) corev1.ProbeHandler {
	return corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: port, Host: host}}
}

func TestRepeatableProbe(t *testing.T) {
	number, web := intstr.FromInt32(9000), intstr.FromString("web")
	command := corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"true"}}}
	sidecar := func(c *corev1.Container) { c.RestartPolicy = new(corev1.ContainerRestartPolicyAlways) }
	probe := func(handler corev1.ProbeHandler) *corev1.Probe {
		return &corev1.Probe{ProbeHandler: handler, TimeoutSeconds: 2, FailureThreshold: 4}
	}
	headers := []corev1.HTTPHeader{{Name: "Host", Value: "shop"}, {Name: "X-Probe", Value: "1"}, {Name: "X-Probe", Value: "2"}}
	cases := map[string]struct {
		containers, init []corev1.Container
		want             *corev1.Probe
	}{
		"no container":              {},
		"no readiness probe":        {containers: []corev1.Container{{LivenessProbe: asks(httpGet(number)).ReadinessProbe}}},
		"a command":                 {containers: []corev1.Container{asks(command)}},
		"an HTTP request":           {containers: []corev1.Container{asks(httpGet(number))}, want: probe(httpGet(number))},
		"an HTTP request to a name": {containers: []corev1.Container{asks(httpGet(web))}, want: probe(httpGet(intstr.FromInt32(8080)))},
		"an HTTP request to a number in quotes": {
			containers: []corev1.Container{asks(httpGet(intstr.FromString("9000")))}, want: probe(httpGet(number)),
		},
		"a name is looked up whatever the protocol of the port": {
			containers: []corev1.Container{asks(httpGet(web), func(c *corev1.Container) { c.Ports[0].Protocol = corev1.ProtocolUDP })},
			want:       probe(httpGet(intstr.FromInt32(8080))),
		},
		"a name of another container's port": {
			containers: []corev1.Container{asks(httpGet(web), func(c *corev1.Container) { c.Ports = nil }), {Ports: []corev1.ContainerPort{{Name: "web", ContainerPort: 1}}}},
		},
		"a port that cannot be one": {containers: []corev1.Container{asks(httpGet(intstr.FromInt32(0))), asks(tcpSocket(intstr.FromInt32(65536), ""))}},
		"an HTTPS request with headers": {
			containers: []corev1.Container{asks(httpGet(number, func(g *corev1.HTTPGetAction) { g.Scheme, g.HTTPHeaders = corev1.URISchemeHTTPS, headers }))},
			want:       probe(httpGet(number, func(g *corev1.HTTPGetAction) { g.Scheme, g.HTTPHeaders = corev1.URISchemeHTTPS, headers })),
		},
		"a request without a scheme is one of HTTP": {
			containers: []corev1.Container{asks(httpGet(number, func(g *corev1.HTTPGetAction) { g.Scheme = "" }))}, want: probe(httpGet(number)),
		},
		"a request that names the usual protocol": {
			containers: []corev1.Container{asks(httpGet(number, func(g *corev1.HTTPGetAction) { g.Protocol = new(corev1.HTTPProtocolHTTP1) }))},
			want:       probe(httpGet(number)),
		},
		"a request over HTTP/2 without TLS": {
			containers: []corev1.Container{asks(httpGet(number, func(g *corev1.HTTPGetAction) { g.Protocol = new(corev1.HTTPProtocolHTTP2) }))},
		},
		"a request to another host":    {containers: []corev1.Container{asks(httpGet(number, func(g *corev1.HTTPGetAction) { g.Host = "example.com" }))}},
		"a connection":                 {containers: []corev1.Container{asks(tcpSocket(web, ""))}, want: probe(tcpSocket(intstr.FromInt32(8080), ""))},
		"a connection to another host": {containers: []corev1.Container{asks(tcpSocket(web, "example.com"))}},
		"a health check": {
			containers: []corev1.Container{asks(corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Port: 9000, Service: new("db")}})},
			want:       probe(corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Port: 9000, Service: new("db")}}),
		},
		"a health check of the server": {
			containers: []corev1.Container{asks(corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Port: 9000, Service: new("")}})},
			want:       probe(corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Port: 9000}}),
		},
		"the defaults of Kubernetes": {
			containers: []corev1.Container{{ReadinessProbe: &corev1.Probe{ProbeHandler: httpGet(number)}}},
			want:       &corev1.Probe{ProbeHandler: httpGet(number), TimeoutSeconds: 1, FailureThreshold: 3},
		},
		"the second of two, if the first is a command": {
			containers: []corev1.Container{asks(command), asks(httpGet(number))}, want: probe(httpGet(number)),
		},
		"a container's before a sidecar's": {
			init: []corev1.Container{asks(tcpSocket(number, ""), sidecar)}, containers: []corev1.Container{asks(httpGet(number))}, want: probe(httpGet(number)),
		},
		"a sidecar's": {init: []corev1.Container{asks(tcpSocket(number, ""), sidecar)}, want: probe(tcpSocket(number, ""))},
		"an init container's that has ended": {
			init: []corev1.Container{asks(tcpSocket(number, ""))},
		},
		"one that is too long to keep": {
			containers: []corev1.Container{asks(httpGet(number, func(g *corev1.HTTPGetAction) { g.Path = "/" + strings.Repeat("a", 1024) }))},
		},
		"one with headers that are too long to keep": {
			containers: []corev1.Container{asks(httpGet(number, func(g *corev1.HTTPGetAction) {
				g.HTTPHeaders = []corev1.HTTPHeader{{Name: "Authorization", Value: strings.Repeat("a", 1024)}}
			}))},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			got := RepeatableProbe(&corev1.PodSpec{Containers: test.containers, InitContainers: test.init})
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("unexpected probe (-want +got):\n%s", diff)
			}
			again := RepeatableProbe(&corev1.PodSpec{Containers: []corev1.Container{{ReadinessProbe: got}}})
			if diff := cmp.Diff(got, again); diff != "" {
				t.Errorf("a pod with this probe alone has another (-first +second):\n%s", diff)
			}
		})
	}
}
