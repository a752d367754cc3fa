package leaderservice

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestMirror(t *testing.T) {
	anywhere, single := corev1.ServiceInternalTrafficPolicyCluster, corev1.IPFamilyPolicySingleStack
	plain := corev1.ServiceSpec{
		Type:       corev1.ServiceTypeClusterIP,
		Ports:      []corev1.ServicePort{{Name: "http", Protocol: corev1.ProtocolTCP, Port: 80, TargetPort: intstr.FromString("web")}},
		IPFamilies: []corev1.IPFamily{corev1.IPv4Protocol}, IPFamilyPolicy: &single,
		SessionAffinity: corev1.ServiceAffinityNone, InternalTrafficPolicy: &anywhere,
		ClusterIP: "10.0.0.7", ClusterIPs: []string{"10.0.0.7"},
	}
	cases := map[string]struct {
		source func(*corev1.Service)
		leader func(*corev1.Service)
		want   func(*corev1.ServiceSpec)
	}{
		"a plain Service": {},
		"a headless Service": {
			source: func(s *corev1.Service) { s.Spec.ClusterIP, s.Spec.ClusterIPs = "None", []string{"None"} },
		},
		"a LoadBalancer with all that could hide the leader": {
			source: func(s *corev1.Service) {
				local, near := corev1.ServiceInternalTrafficPolicyLocal, corev1.ServiceTrafficDistributionPreferClose
				s.Spec.Type, s.Spec.ExternalTrafficPolicy = corev1.ServiceTypeLoadBalancer, corev1.ServiceExternalTrafficPolicyLocal
				s.Spec.InternalTrafficPolicy, s.Spec.TrafficDistribution = &local, &near
				s.Spec.SessionAffinity, s.Spec.HealthCheckNodePort = corev1.ServiceAffinityClientIP, 31000
				s.Spec.Ports[0].NodePort, s.Spec.ExternalIPs = 30000, []string{"1.2.3.4"}
				s.Spec.PublishNotReadyAddresses = true
			},
		},
		"several ports with application protocols": {
			source: func(s *corev1.Service) {
				s.Spec.Ports[0].AppProtocol = new("kubernetes.io/h2c")
				s.Spec.Ports = append(s.Spec.Ports, corev1.ServicePort{Name: "dns", Protocol: corev1.ProtocolUDP, Port: 53})
			},
			want: func(s *corev1.ServiceSpec) {
				s.Ports[0].AppProtocol = new("kubernetes.io/h2c")
				s.Ports = append(s.Ports, corev1.ServicePort{Name: "dns", Protocol: corev1.ProtocolUDP, Port: 53})
			},
		},
		"a second family is added": {
			source: gen.DualStack(corev1.IPFamilyPolicyRequireDualStack),
			want: func(s *corev1.ServiceSpec) {
				s.IPFamilies, s.IPFamilyPolicy = []corev1.IPFamily{"IPv4", "IPv6"}, new(corev1.IPFamilyPolicyRequireDualStack)
			},
		},
		"a second family is removed": {
			leader: func(s *corev1.Service) {
				gen.DualStack(corev1.IPFamilyPolicyRequireDualStack)(s)
				s.Spec.ClusterIPs = []string{"10.0.0.7", "fd00::7"}
			},
		},
		"a Service that prefers two families and has one": {
			source: func(s *corev1.Service) { s.Spec.IPFamilyPolicy = new(corev1.IPFamilyPolicyPreferDualStack) },
		},
		"a second family that the API server gave to a Service that prefers two": {
			source: func(s *corev1.Service) { s.Spec.IPFamilyPolicy = new(corev1.IPFamilyPolicyPreferDualStack) },
			leader: func(s *corev1.Service) {
				gen.DualStack(corev1.IPFamilyPolicyPreferDualStack)(s)
				s.Spec.ClusterIPs = []string{"10.0.0.7", "fd00::7"}
			},
		},
		"a Service that prefers two families and has two": {
			source: gen.DualStack(corev1.IPFamilyPolicyPreferDualStack),
			want: func(s *corev1.ServiceSpec) {
				s.IPFamilies, s.IPFamilyPolicy = []corev1.IPFamily{"IPv4", "IPv6"}, new(corev1.IPFamilyPolicyPreferDualStack)
			},
		},
		"changes of the leader Service by someone else are undone": {
			leader: func(s *corev1.Service) {
				s.Spec.Selector, s.Spec.Type = map[string]string{"app": "web"}, corev1.ServiceTypeNodePort
				s.Spec.Ports[0].NodePort, s.Spec.ExternalIPs = 30001, []string{"1.2.3.4"}
			},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			source, current := gen.WebService(), gen.LeaderOf(gen.WebService())
			if test.source != nil {
				test.source(source)
			}
			if test.leader != nil {
				test.leader(current)
			}
			want := *plain.DeepCopy()
			if test.want != nil {
				test.want(&want)
			}
			if diff := cmp.Diff(want, Mirror(current, source, config.DefaultOptions("web"), leaderslice.State{}).Spec); diff != "" {
				t.Errorf("unexpected spec (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMirrorKeepsMetadataOfOthers(t *testing.T) {
	current := gen.LeaderOf(gen.WebService(), func(s *corev1.Service) {
		s.Labels["team"] = "shop"
		s.Annotations = map[string]string{"note": "x", config.LeaderKey: "a1", config.TermKey: "5"}
	})
	got := Mirror(current, gen.WebService(), config.DefaultOptions("web"), leaderslice.State{Term: 6, Reason: "NoCandidate"})
	wantLabels := map[string]string{"team": "shop", config.ManagedByKey: config.ManagedBy, config.SourceServiceKey: "web"}
	if diff := cmp.Diff(wantLabels, got.Labels); diff != "" {
		t.Errorf("unexpected labels (-want +got):\n%s", diff)
	}
	wantAnnotations := map[string]string{"note": "x", config.TermKey: "6", config.ReasonKey: "NoCandidate"}
	if diff := cmp.Diff(wantAnnotations, got.Annotations); diff != "" {
		t.Errorf("unexpected annotations (-want +got):\n%s", diff)
	}
	if !leaderslice.OwnsLeaderService(got, gen.WebService()) {
		t.Error("it is not ours")
	}
}
