//go:build integration

package integration_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
)

// look is what a user sees of a leader Service.
type look struct {
	Type       corev1.ServiceType
	HasIP      bool
	Selector   map[string]string
	Ports      string
	Families   string
	Affinity   corev1.ServiceAffinity
	Internal   corev1.ServiceInternalTrafficPolicy
	External   corev1.ServiceExternalTrafficPolicy
	Near       *string
	Owner      types.UID
	ManagedBy  string
	SourceName string
}

func lookOf(s *corev1.Service) look {
	l := look{
		Type: s.Spec.Type, HasIP: s.Spec.ClusterIP != "" && s.Spec.ClusterIP != corev1.ClusterIPNone, Selector: s.Spec.Selector,
		Families: fmt.Sprint(s.Spec.IPFamilies), Affinity: s.Spec.SessionAffinity, External: s.Spec.ExternalTrafficPolicy,
		Near: s.Spec.TrafficDistribution, ManagedBy: s.Labels["app.kubernetes.io/managed-by"], SourceName: s.Labels[config.SourceServiceKey],
	}
	if s.Spec.InternalTrafficPolicy != nil {
		l.Internal = *s.Spec.InternalTrafficPolicy
	}
	if owner := metav1.GetControllerOf(s); owner != nil {
		l.Owner = owner.UID
	}
	for _, port := range s.Spec.Ports {
		app := ""
		if port.AppProtocol != nil {
			app = " " + *port.AppProtocol
		}
		l.Ports += fmt.Sprintf("%s:%d/%s>%s@%d%s;", port.Name, port.Port, port.Protocol, port.TargetPort.String(), port.NodePort, app)
	}
	return l
}

// looks waits until a leader Service looks as wanted.
func (s *testNamespace) looks(name string, want look) *corev1.Service {
	s.t.Helper()
	return s.exists(name, func(service *corev1.Service) string { return cmp.Diff(want, lookOf(service)) })
}

func TestTheLeaderServiceFollowsItsService(t *testing.T) {
	newTanist(t).startElected()
	local, near := corev1.ServiceInternalTrafficPolicyLocal, corev1.ServiceTrafficDistributionPreferClose
	prefer := corev1.IPFamilyPolicyPreferDualStack
	plain := look{
		Type: corev1.ServiceTypeClusterIP, HasIP: true, Ports: "http:80/TCP>web@0;", Families: "[IPv4]",
		Affinity: corev1.ServiceAffinityNone, Internal: corev1.ServiceInternalTrafficPolicyCluster, ManagedBy: "tanist", SourceName: "web",
	}
	cases := map[string]struct {
		service func(*corev1.Service)
		want    func(*look)
	}{
		"a plain Service":    {},
		"a headless Service": {service: func(s *corev1.Service) { s.Spec.ClusterIP = corev1.ClusterIPNone }},
		"a NodePort":         {service: func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeNodePort }},
		"a LoadBalancer that hides pods on other nodes": {service: func(s *corev1.Service) {
			s.Spec.Type, s.Spec.ExternalTrafficPolicy = corev1.ServiceTypeLoadBalancer, corev1.ServiceExternalTrafficPolicyLocal
			s.Spec.InternalTrafficPolicy, s.Spec.TrafficDistribution = &local, &near
			s.Spec.SessionAffinity = corev1.ServiceAffinityClientIP
		}},
		"two families": {
			service: func(s *corev1.Service) { s.Spec.IPFamilyPolicy = &prefer },
			want:    func(l *look) { l.Families = "[IPv4 IPv6]" },
		},
		"the other family": {
			service: func(s *corev1.Service) { s.Spec.IPFamilies = []corev1.IPFamily{corev1.IPv6Protocol} },
			want:    func(l *look) { l.Families = "[IPv6]" },
		},
		"several ports": {
			service: func(s *corev1.Service) {
				app := "kubernetes.io/h2c"
				s.Spec.Ports[0].AppProtocol = &app
				s.Spec.Ports = append(s.Spec.Ports, corev1.ServicePort{Name: "dns", Port: 53, Protocol: corev1.ProtocolUDP})
			},
			want: func(l *look) { l.Ports = "http:80/TCP>web@0 kubernetes.io/h2c;dns:53/UDP>53@0;" },
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			s := newNamespace(t)
			var changes []func(*corev1.Service)
			if test.service != nil {
				changes = append(changes, test.service)
			}
			source := s.withService("web", changes...)
			want := plain
			want.Owner = source.UID
			if test.want != nil {
				test.want(&want)
			}
			s.looks("web-leader", want)
		})
	}
}

func TestALeaderServiceIsChangedWithItsService(t *testing.T) {
	newTanist(t).startElected()
	s := newNamespace(t)
	source := s.withService("web")
	s.withReadyPod("web", "a", func(pod *corev1.Pod) {
		pod.Spec.Containers[0].Ports = append(pod.Spec.Containers[0].Ports, corev1.ContainerPort{Name: "admin", ContainerPort: 9000})
	})
	first := s.leads("web", "a")
	address := s.exists("web-leader").Spec.ClusterIP
	want := lookOf(s.exists("web-leader"))

	s.patchService("web", `{"spec":{"ports":[{"name":"http","port":8080,"targetPort":"admin","appProtocol":"http"}]}}`)
	want.Ports = "http:8080/TCP>admin@0 http;"
	s.looks("web-leader", want)
	l := s.says("web", "port 9000", func(l leadership) bool { return l.Port == 9000 })
	if l.Term != first.Term {
		t.Errorf("new ports changed the term from %d to %d", first.Term, l.Term)
	}

	s.patchService("web", `{"spec":{"ipFamilyPolicy":"RequireDualStack"}}`)
	want.Families = "[IPv4 IPv6]"
	s.looks("web-leader", want)
	history.eventually(t, func() string {
		slice := history.slice(s.namespace, "web-leader-ipv6")
		if l := leadershipOf(slice); l.Leader != "a" || !l.Ready || l.Term != first.Term {
			return fmt.Sprintf("a slice of the second family; got %+v", l)
		}
		return ""
	})
	s.patchService("web", `{"spec":{"ipFamilyPolicy":"SingleStack"}}`)
	want.Families = "[IPv4]"
	s.looks("web-leader", want)
	history.eventually(t, func() string {
		if history.slice(s.namespace, "web-leader-ipv6") != nil {
			return "that the slice of the second family goes"
		}
		return ""
	})
	if got := s.exists("web-leader"); got.Spec.ClusterIP != address || got.OwnerReferences[0].UID != source.UID {
		t.Errorf("the leader Service is another one")
	}

	// With another selector, the first leader is no longer a pod of the Service.
	s.withReadyPod("other", "b", func(pod *corev1.Pod) {
		pod.Spec.Containers[0].Ports[0].Name = "admin"
	})
	s.patchService("web", `{"spec":{"selector":{"app":"other"}}}`)
	if l := s.leads("web", "b"); !s.next("web", first, l) || l.Reason != "LeaderGone" {
		t.Errorf("got %+v", l)
	}
}

func TestWhatSomeoneDoesToALeaderServiceIsUndone(t *testing.T) {
	newTanist(t).startElected()
	s := newNamespace(t)
	s.withService("web")
	want := lookOf(s.exists("web-leader"))
	s.patchService("web-leader", `{"metadata":{"labels":{"team":"shop"}},"spec":{"type":"NodePort","selector":{"app":"web"},"sessionAffinity":"ClientIP"}}`)
	s.exists("web-leader", func(service *corev1.Service) string {
		if got := service.Labels["team"]; got != "shop" {
			return fmt.Sprintf("the label that someone added; got %q", got)
		}
		return cmp.Diff(want, lookOf(service))
	})
	s.withReadyPod("web", "a")
	leader := s.leads("web", "a")
	s.mirrored("web-leader", leader)
	version := s.exists("web-leader").ResourceVersion
	s.annotate("web-leader", config.TermKey, "9")
	s.exists("web-leader", func(service *corev1.Service) string {
		if service.ResourceVersion == version {
			return "that the edit is seen"
		}
		return ""
	})
	s.mirrored("web-leader", leader)
}

// mirrored waits until a leader Service's annotations say what the slice says.
func (s *testNamespace) mirrored(name string, want leadership) {
	s.t.Helper()
	leader, term := want.Leader, fmt.Sprint(want.Term)
	s.exists(name, func(service *corev1.Service) string {
		if service.Annotations[config.LeaderKey] != leader || service.Annotations[config.TermKey] != term ||
			service.Annotations[config.LeaderSinceKey] == "" || service.Annotations[config.ReasonKey] == "" {
			return fmt.Sprintf("leader %s with term %s; got %v", leader, term, service.Annotations)
		}
		// The condition is the second write.
		if conditions := service.Status.Conditions; meta.IsStatusConditionTrue(conditions, config.LeaderReadyCondition) != want.Ready {
			return fmt.Sprintf("that the condition says whether a ready pod leads (%t); got %+v", want.Ready, conditions)
		}
		return ""
	})
}
