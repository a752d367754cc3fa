package afterhandover

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/tanist-dev/tanist/reconciler/trim"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestURL(t *testing.T) {
	port := func(port string) func(*input) { return func(in *input) { in.options.Port = port } }
	ports := func(ports ...corev1.ServicePort) func(*input) {
		return func(in *input) { in.source.Spec.Ports = ports }
	}
	ips := func(ips ...string) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			p.Status.PodIPs = nil
			for _, ip := range ips {
				p.Status.PodIPs = append(p.Status.PodIPs, corev1.PodIP{IP: ip})
			}
		}
	}
	hostNetwork := func(p *corev1.Pod) { p.Spec.HostNetwork = true }
	named := func(p *corev1.Pod) {
		p.Spec.Containers[0].Ports = append(p.Spec.Containers[0].Ports, corev1.ContainerPort{Name: "admin", ContainerPort: 8081})
	}
	dual := func(in *input) {
		in.source = gen.WebService(gen.DualStack(corev1.IPFamilyPolicyRequireDualStack))
		in.leaderService = gen.LeaderOf(in.source)
	}
	v6First := func(in *input) {
		dual(in)
		in.leaderService.Spec.IPFamilies = []corev1.IPFamily{corev1.IPv6Protocol, corev1.IPv4Protocol}
	}
	cases := map[string]struct {
		changes       []func(*input)
		want, problem string
	}{
		"the Service's target port, by its name": {want: "http://10.1.0.1:8080/handed-over"},
		"the Service's target port, by its number": {
			changes: []func(*input){ports(corev1.ServicePort{Port: 80, TargetPort: intstr.FromInt32(9000)})}, want: "http://10.1.0.1:9000/handed-over",
		},
		"the first TCP port": {
			changes: []func(*input){ports(corev1.ServicePort{Port: 53, Protocol: corev1.ProtocolUDP}, corev1.ServicePort{Port: 80}, corev1.ServicePort{Port: 81})},
			want:    "http://10.1.0.1:80/handed-over",
		},
		"no TCP port": {
			changes: []func(*input){ports(corev1.ServicePort{Port: 53, Protocol: corev1.ProtocolUDP})},
			problem: "the Service has no TCP port, so the annotation must name one",
		},
		"a number":                       {changes: []func(*input){port("9000")}, want: "http://10.1.0.1:9000/handed-over"},
		"a name":                         {changes: []func(*input){port("admin"), pod(named)}, want: "http://10.1.0.1:8081/handed-over"},
		"the primary family":             {changes: []func(*input){v6First}, want: "http://[fd00::1]:8080/handed-over"},
		"only the other family":          {changes: []func(*input){dual, pod(ips("fd00::1"))}, want: "http://[fd00::1]:8080/handed-over"},
		"a node's network, a named port": {changes: []func(*input){port("8081"), pod(hostNetwork, named)}, want: "http://10.1.0.1:8081/handed-over"},
		"a node's network, another port": {
			changes: []func(*input){port("10250"), pod(hostNetwork)},
			problem: "it uses its node's network, and port 10250 is not a named port of its containers, so it may be another program's",
		},
		"no address":             {changes: []func(*input){pod(ips())}, problem: `its address "" is not one of a pod`},
		"Tanist's own address":   {changes: []func(*input){pod(ips("127.0.0.1"))}, problem: `its address "127.0.0.1" is not one of a pod`},
		"the same, as IPv6":      {changes: []func(*input){pod(ips("::ffff:127.0.0.1"))}, problem: `its address "::ffff:127.0.0.1" is not one of a pod`},
		"a link-local address":   {changes: []func(*input){pod(ips("169.254.169.254"))}, problem: `its address "169.254.169.254" is not one of a pod`},
		"a multicast address":    {changes: []func(*input){pod(ips("224.0.0.1"))}, problem: `its address "224.0.0.1" is not one of a pod`},
		"an unspecified address": {changes: []func(*input){pod(ips("0.0.0.0"))}, problem: `its address "0.0.0.0" is not one of a pod`},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			in := inputOf(append([]func(*input){calling}, test.changes...)...)
			in.pod = trim.Pod(in.pod) // what memory has of it
			if url, problem := in.url(); url != test.want || problem != test.problem {
				t.Errorf("got %q and %q, want %q and %q", url, problem, test.want, test.problem)
			}
		})
	}
}
