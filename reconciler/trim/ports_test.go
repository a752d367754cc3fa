package trim

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/test/gen"
)

func endpointPort(name string, number int32, change ...func(*discoveryv1.EndpointPort)) discoveryv1.EndpointPort {
	return *gen.Changed(&discoveryv1.EndpointPort{Name: &name, Port: &number, Protocol: new(corev1.ProtocolTCP)}, change)
}

// TestSlicePortsOfATrimmedPod checks that Pod keeps what SlicePorts needs.
func TestSlicePortsOfATrimmedPod(t *testing.T) {
	cases := map[string]struct {
		ports       []corev1.ServicePort
		pod         func(*corev1.Pod)
		want        []discoveryv1.EndpointPort
		wantMissing []string
	}{
		"a numeric target port": {
			ports: []corev1.ServicePort{{Port: 80, TargetPort: intstr.FromInt32(9000)}},
			want:  []discoveryv1.EndpointPort{endpointPort("", 9000)},
		},
		"without a target port, the port is used": {
			ports: []corev1.ServicePort{{Name: "http", Port: 80}},
			want:  []discoveryv1.EndpointPort{endpointPort("http", 80)},
		},
		"a named target port is the container port with that name": {
			ports: []corev1.ServicePort{{Name: "http", Port: 80, TargetPort: intstr.FromString("web")}},
			want:  []discoveryv1.EndpointPort{endpointPort("http", 8080)},
		},
		"a name is looked up with its protocol": {
			ports: []corev1.ServicePort{
				{Name: "tcp", Port: 53, TargetPort: intstr.FromString("dns")},
				{Name: "udp", Port: 53, TargetPort: intstr.FromString("dns"), Protocol: corev1.ProtocolUDP},
			},
			pod: func(pod *corev1.Pod) {
				pod.Spec.Containers[0].Ports = []corev1.ContainerPort{
					{Name: "dns", ContainerPort: 5353, Protocol: corev1.ProtocolUDP}, {Name: "dns", ContainerPort: 5354},
				}
			},
			want: []discoveryv1.EndpointPort{
				endpointPort("tcp", 5354),
				endpointPort("udp", 5353, func(p *discoveryv1.EndpointPort) { p.Protocol = new(corev1.ProtocolUDP) }),
			},
		},
		"a port of a sidecar is found": {
			ports: []corev1.ServicePort{{Name: "http", Port: 80, TargetPort: intstr.FromString("proxy")}},
			pod: func(pod *corev1.Pod) {
				pod.Spec.InitContainers = []corev1.Container{
					{Name: "setup", Ports: []corev1.ContainerPort{{Name: "proxy", ContainerPort: 1}}},
					{Name: "proxy", RestartPolicy: new(corev1.ContainerRestartPolicyAlways), Ports: []corev1.ContainerPort{{Name: "proxy", ContainerPort: 15001}}},
				}
			},
			want: []discoveryv1.EndpointPort{endpointPort("http", 15001)},
		},
		"a port of an init container is not found": {
			ports: []corev1.ServicePort{{Name: "http", Port: 80, TargetPort: intstr.FromString("proxy")}},
			pod: func(pod *corev1.Pod) {
				pod.Spec.InitContainers = []corev1.Container{{Name: "setup", Ports: []corev1.ContainerPort{{Name: "proxy", ContainerPort: 1}}}}
			},
			want:        []discoveryv1.EndpointPort{},
			wantMissing: []string{`no container has a port named "proxy" with protocol TCP`},
		},
		"a port that is not found is left out": {
			ports: []corev1.ServicePort{
				{Name: "http", Port: 80, TargetPort: intstr.FromString("web")}, {Name: "grpc", Port: 90, TargetPort: intstr.FromString("rpc")},
			},
			want:        []discoveryv1.EndpointPort{endpointPort("http", 8080)},
			wantMissing: []string{`no container has a port named "rpc" with protocol TCP`},
		},
		"a port with another protocol is not found": {
			ports: []corev1.ServicePort{
				{Name: "udp", Port: 80, TargetPort: intstr.FromString("web"), Protocol: corev1.ProtocolUDP}, {Name: "number", Port: 443},
			},
			want:        []discoveryv1.EndpointPort{endpointPort("number", 443)},
			wantMissing: []string{`no container has a port named "web" with protocol UDP`},
		},
		"the application protocol is kept": {
			ports: []corev1.ServicePort{{Name: "http", Port: 80, AppProtocol: new("kubernetes.io/h2c")}},
			want: []discoveryv1.EndpointPort{
				endpointPort("http", 80, func(p *discoveryv1.EndpointPort) { p.AppProtocol = new("kubernetes.io/h2c") }),
			},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			pod := gen.ReadyPod("a1")
			if test.pod != nil {
				test.pod(pod)
			}
			got, missing := leaderslice.SlicePorts(test.ports, Pod(pod))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("unexpected ports (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.wantMissing, missing); diff != "" {
				t.Errorf("unexpected missing ports (-want +got):\n%s", diff)
			}
		})
	}
}
