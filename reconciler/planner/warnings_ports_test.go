package planner

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/trim"
	"github.com/tanist-dev/tanist/test/dummy"
	"github.com/tanist-dev/tanist/test/gen"
)

func withPort(name string, target intstr.IntOrString, protocol corev1.Protocol) func(*corev1.Service) {
	return func(s *corev1.Service) {
		s.Spec.Ports = append(s.Spec.Ports, corev1.ServicePort{Name: name, Port: 9000, TargetPort: target, Protocol: protocol})
	}
}

// inSidecar adds a sidecar with a port.
func inSidecar(name string, number int32) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.Spec.InitContainers = []corev1.Container{{
			Name: "sidecar", RestartPolicy: new(corev1.ContainerRestartPolicyAlways), Ports: []corev1.ContainerPort{{Name: name, ContainerPort: number}},
		}}
	}
}

func addressed(addresses ...string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.Status.PodIPs = nil
		for _, address := range addresses {
			pod.Status.PodIPs = append(pod.Status.PodIPs, corev1.PodIP{IP: address})
		}
	}
}

// traffic says which pod leads, why, and what traffic it receives.
type traffic struct {
	Leader, Reason string
	// Addresses and Ports are those in the slices.
	Addresses []string
	Ports     []string
	Warnings  []string
}

func trafficOf(in Input) traffic {
	p := Decide(in, gen.T0)
	got := traffic{Leader: p.After.Leader.Name, Reason: p.After.Reason}
	content := leaderslice.Content{Source: in.Source, LeaderService: in.LeaderService, State: p.After, Pod: in.Pod(p.After.Leader.UID)}
	for i, family := range leaderslice.Families(in.LeaderService) {
		slice := content.Render(family)
		for _, endpoint := range slice.Endpoints {
			got.Addresses = append(got.Addresses, endpoint.Addresses...)
		}
		if i == 0 {
			for _, port := range slice.Ports {
				got.Ports = append(got.Ports, *port.Name)
			}
		}
	}
	for _, c := range Warnings(in, p) {
		if !c.Expected {
			got.Warnings = append(got.Warnings, c.Reason+" "+c.Note)
		}
	}
	return got
}

func TestChangedPortsAndFamilies(t *testing.T) {
	const (
		part    = "LeaderIncomplete pod a1 leads but can receive only part of the traffic, until a pod is ready that can receive more: "
		noAdmin = `no container has a port named "admin" with protocol TCP`
	)
	admin := withPort("admin", intstr.FromString("admin"), corev1.ProtocolTCP)
	renamed := func(s *corev1.Service) { s.Spec.Ports[0].TargetPort = intstr.FromString("web-v2") }
	v4, v6, both := addressed("10.1.0.1"), addressed("fd00::1"), func(*corev1.Pod) {}
	required, preferred := gen.DualStack(corev1.IPFamilyPolicyRequireDualStack), gen.DualStack(corev1.IPFamilyPolicyPreferDualStack)
	cases := map[string]struct {
		service []func(*corev1.Service)
		a, b    func(*corev1.Pod)
		want    traffic
	}{
		"a port is added that no pod has: the leader stays": {
			service: []func(*corev1.Service){admin},
			want:    traffic{Leader: "a1", Addresses: []string{"10.1.0.1"}, Ports: []string{"http"}, Warnings: []string{part + noAdmin}},
		},
		"a port is added by number": {
			service: []func(*corev1.Service){withPort("admin", intstr.FromInt32(9000), corev1.ProtocolTCP)},
			want:    traffic{Leader: "a1", Addresses: []string{"10.1.0.1"}, Ports: []string{"http", "admin"}},
		},
		"a port is added without a target": {
			service: []func(*corev1.Service){withPort("admin", intstr.IntOrString{}, corev1.ProtocolTCP)},
			want:    traffic{Leader: "a1", Addresses: []string{"10.1.0.1"}, Ports: []string{"http", "admin"}},
		},
		"a port is added for another protocol": {
			service: []func(*corev1.Service){withPort("quic", intstr.FromString("web"), corev1.ProtocolUDP)},
			want: traffic{
				Leader: "a1", Addresses: []string{"10.1.0.1"}, Ports: []string{"http"},
				Warnings: []string{part + `no container has a port named "web" with protocol UDP`},
			},
		},
		"a port is removed": {
			service: []func(*corev1.Service){func(s *corev1.Service) {
				s.Spec.Ports = []corev1.ServicePort{{Name: "number", Port: 80, TargetPort: intstr.FromInt32(8080)}}
			}},
			want: traffic{Leader: "a1", Addresses: []string{"10.1.0.1"}, Ports: []string{"number"}},
		},
		"a port is renamed beside another": {
			service: []func(*corev1.Service){renamed, withPort("admin", intstr.FromInt32(9000), corev1.ProtocolTCP)},
			want: traffic{
				Leader: "a1", Addresses: []string{"10.1.0.1"}, Ports: []string{"admin"},
				Warnings: []string{part + `no container has a port named "web-v2" with protocol TCP`},
			},
		},
		"the only port is renamed: no pod can lead": {
			service: []func(*corev1.Service){renamed},
			want: traffic{Reason: "NoCandidate", Warnings: []string{
				`UnfitPod pod a1 cannot lead: no container has a port named "web-v2" with protocol TCP`,
				`UnfitPod pod b2 cannot lead: no container has a port named "web-v2" with protocol TCP`,
			}},
		},
		"another pod has the port that was added": {
			service: []func(*corev1.Service){admin}, b: inSidecar("admin", 9000),
			want: traffic{Leader: "b2", Reason: "LeaderIncomplete", Addresses: []string{"10.1.0.2"}, Ports: []string{"http", "admin"}},
		},
		"the leader has it in a sidecar": {
			service: []func(*corev1.Service){admin}, a: inSidecar("admin", 9000),
			want: traffic{Leader: "a1", Addresses: []string{"10.1.0.1"}, Ports: []string{"http", "admin"}},
		},
		"the leader is deleted, and the other pod has fewer ports": {
			service: []func(*corev1.Service){admin}, a: func(pod *corev1.Pod) { inSidecar("admin", 9000)(pod); gen.Terminating(pod) },
			want: traffic{
				Leader: "b2", Reason: "LeaderDeleted", Addresses: []string{"10.1.0.2"}, Ports: []string{"http"},
				Warnings: []string{"LeaderIncomplete pod b2 leads but can receive only part of the traffic, until a pod is ready that can receive more: " + noAdmin},
			},
		},
		"a second family is required that no pod has": {
			service: []func(*corev1.Service){required}, a: v4, b: addressed("10.1.0.2"),
			want: traffic{Leader: "a1", Addresses: []string{"10.1.0.1"}, Ports: []string{"http"}, Warnings: []string{part + "it has no IPv6 address"}},
		},
		"the primary family is one that no pod has": {
			service: []func(*corev1.Service){required}, a: v6, b: addressed("fd00::2"),
			want: traffic{Leader: "a1", Addresses: []string{"fd00::1"}, Ports: []string{"http"}, Warnings: []string{part + "it has no IPv4 address"}},
		},
		"a second family is preferred that no pod has": {
			service: []func(*corev1.Service){preferred}, a: v4, b: addressed("10.1.0.2"),
			want: traffic{Leader: "a1", Addresses: []string{"10.1.0.1"}, Ports: []string{"http"}},
		},
		"another pod has both families": {
			service: []func(*corev1.Service){required}, a: v4, b: both,
			want: traffic{Leader: "b2", Reason: "LeaderIncomplete", Addresses: []string{"10.1.0.2", "fd00::2"}, Ports: []string{"http"}},
		},
		"a port and a family are missing": {
			service: []func(*corev1.Service){required, admin}, a: v4, b: addressed("10.1.0.2"),
			want: traffic{Leader: "a1", Addresses: []string{"10.1.0.1"}, Ports: []string{"http"}, Warnings: []string{part + "it has no IPv6 address; " + noAdmin}},
		},
		"the only family is one that no pod has": {
			a: v6, b: addressed("fd00::2"),
			want: traffic{Reason: "NoCandidate", Warnings: []string{
				"UnfitPod pod a1 cannot lead: it has no IPv4 address", "UnfitPod pod b2 cannot lead: it has no IPv4 address",
			}},
		},
	}
	slept := gen.PreStop(corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 3}})
	sleeps := func(pod *corev1.Pod) { pod.Spec.Containers[0].Lifecycle = slept }
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			for _, change := range []*func(*corev1.Pod){&test.a, &test.b} {
				if *change == nil {
					*change = both
				}
			}
			pods := []*corev1.Pod{trim.Pod(gen.ReadyPod("a1", sleeps, test.a)), trim.Pod(gen.ReadyPod("b2", sleeps, test.b))}
			state := dummy.Leading("a1", 5)
			state.Reason = ""
			in := inputOf(state, pods, func(in *Input) {
				in.Source = gen.WebService(test.service...)
				in.LeaderService = gen.LeaderOf(in.Source)
			})
			if diff := cmp.Diff(test.want, trafficOf(in)); diff != "" {
				t.Errorf("unexpected traffic (-want +got):\n%s", diff)
			}
		})
	}
}
