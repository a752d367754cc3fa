//go:build integration

package integration_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/tanist-dev/tanist/config"
)

// look is what of a leader Service a user would look at.
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
func (s *scene) looks(name string, want look) *corev1.Service {
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
			s := newScene(t)
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
	s := newScene(t)
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

	// Another selector, another leader: the first is not a pod of the Service any longer.
	s.withReadyPod("other", "b", func(pod *corev1.Pod) {
		pod.Spec.Containers[0].Ports[0].Name = "admin"
	})
	s.patchService("web", `{"spec":{"selector":{"app":"other"}}}`)
	if l := s.leads("web", "b"); !s.next("web", first, l) || l.Reason != "LeaderGone" {
		t.Errorf("got %+v", l)
	}
}

func TestALeaderServiceGoesAndComesBack(t *testing.T) {
	cases := map[string]struct {
		leave, back func(*scene)
	}{
		"the annotation is removed": {
			leave: func(s *scene) { s.annotate("web", config.EnabledKey, "") },
			back:  func(s *scene) { s.annotate("web", config.EnabledKey, "true") },
		},
		"the annotation says false": {
			leave: func(s *scene) { s.annotate("web", config.EnabledKey, "false") },
			back:  func(s *scene) { s.annotate("web", config.EnabledKey, "true") },
		},
		"the namespace's label is removed, and there is no grace": {
			leave: func(s *scene) { s.label(`null`) },
			back:  func(s *scene) { s.label(`"true"`) },
		},
		"the Service loses its selector": {
			leave: func(s *scene) { s.patchService("web", `{"spec":{"selector":null}}`) },
			back:  func(s *scene) { s.patchService("web", `{"spec":{"selector":{"app":"web"}}}`) },
		},
	}
	installation := newTanist(t)
	installation.tune("election: {optOutGrace: 0s}")
	installation.startElected().isTuned("election: {optOutGrace: 0s}")
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.withService("web")
			s.withReadyPod("web", "a")
			s.leads("web", "a")
			test.leave(s)
			s.isGone("web-leader")
			test.back(s)
			s.leads("web", "a")
		})
	}
}

func (s *scene) label(value string) {
	s.t.Helper()
	body := fmt.Sprintf(`{"metadata":{"labels":{%q:%s}}}`, config.EnabledKey, value)
	if _, err := clientset.CoreV1().Namespaces().Patch(
		s.t.Context(), s.namespace, types.MergePatchType, []byte(body), metav1.PatchOptions{}); err != nil {
		s.t.Fatalf("failed to label namespace: %v", err)
	}
}

func TestARenamedLeaderServiceKeepsItsLeader(t *testing.T) {
	newTanist(t).startElected()
	s := newScene(t)
	s.withService("web")
	s.withReadyPod("web", "a")
	s.leads("web", "a")
	s.withReadyPod("web", "b")
	s.kill("a")
	before := s.leads("web", "b")
	s.annotate("web", config.LeaderServiceKey, "boss")
	history.eventually(t, func() string {
		after := leadershipOf(history.slice(s.namespace, "boss-ipv4"))
		diff := after.keeps(before)
		if diff == "" {
			before = after
		}
		return diff
	})
	s.isGone("web-leader")
	s.annotate("web", config.LeaderServiceKey, "")
	if diff := s.leads("web", "b").keeps(before); diff != "" {
		t.Errorf("the leadership has changed (-want +got):\n%s", diff)
	}
	s.isGone("boss")
}

func TestAServiceThatIsReCreatedGetsALeaderServiceOfItsOwn(t *testing.T) {
	newTanist(t).startElected()
	s := newScene(t)
	first := s.withService("web")
	s.withReadyPod("web", "a")
	s.leads("web", "a")
	s.deleteService("web")
	second := s.withService("web")
	s.exists("web-leader", func(service *corev1.Service) string {
		if got := service.OwnerReferences[0].UID; got != second.UID {
			return fmt.Sprintf("owner %s, got %s (the first was %s)", second.UID, got, first.UID)
		}
		return ""
	})
	s.leads("web", "a")
}

func TestALeaderServiceThatSomeoneDeletesComesBack(t *testing.T) {
	newTanist(t).startElected()
	s := newScene(t)
	s.withService("web")
	s.withReadyPod("web", "a")
	before := s.leads("web", "a")
	first := s.exists("web-leader")
	s.deleteService("web-leader")
	second := s.exists("web-leader", func(service *corev1.Service) string {
		if service.UID == first.UID {
			return "another leader Service"
		}
		return ""
	})
	history.eventually(t, func() string {
		slice := history.slice(s.namespace, "web-leader-ipv4")
		if slice == nil {
			return "a slice of the new leader Service"
		}
		if owner := slice.OwnerReferences[0].UID; owner != second.UID {
			return fmt.Sprintf("that the slice belongs to the new leader Service %s; got %s", second.UID, owner)
		}
		return leadershipOf(slice).keeps(before)
	})
}

func TestWhatSomeoneDoesToALeaderServiceIsUndone(t *testing.T) {
	newTanist(t).startElected()
	s := newScene(t)
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
			return "that someone's edit is seen"
		}
		return ""
	})
	s.mirrored("web-leader", leader)
}

// mirrored waits until a leader Service's annotations say what the slice does.
func (s *scene) mirrored(name string, want leadership) {
	s.t.Helper()
	leader, term := want.Leader, fmt.Sprint(want.Term)
	s.exists(name, func(service *corev1.Service) string {
		if service.Annotations[config.LeaderKey] != leader || service.Annotations[config.TermKey] != term ||
			service.Annotations[config.LeaderSinceKey] == "" || service.Annotations[config.ReasonKey] == "" {
			return fmt.Sprintf("leader %s with term %s; got %v", leader, term, service.Annotations)
		}
		return ""
	})
}

func TestAServiceThatIsNotTanistsIsLeftAlone(t *testing.T) {
	ours := func(uid types.UID) func(*corev1.Service) {
		controller := true
		return func(service *corev1.Service) {
			service.Labels = map[string]string{"app.kubernetes.io/managed-by": "tanist", config.SourceServiceKey: "web"}
			service.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Service", Name: "web", UID: uid, Controller: &controller}}
		}
	}
	cases := map[string]func(*scene, *corev1.Service){
		"it only has the name": func(*scene, *corev1.Service) {},
		"another Service controls it": func(s *scene, service *corev1.Service) {
			other := s.withService("api", func(other *corev1.Service) { other.Annotations = nil })
			ours(other.UID)(service)
			service.OwnerReferences[0].Name, service.Labels = other.Name, nil
		},
		"it has our labels and a selector": func(_ *scene, service *corev1.Service) {
			ours("x")(service)
			service.OwnerReferences = nil
			service.Spec.Selector = map[string]string{"app": "x"}
		},
		"it has our labels and another type": func(_ *scene, service *corev1.Service) {
			ours("x")(service)
			service.OwnerReferences = nil
			service.Spec.Type = corev1.ServiceTypeNodePort
		},
	}
	newTanist(t).startElected()
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			foreign := s.withService("web-leader", func(service *corev1.Service) {
				service.Annotations = nil
				service.Spec.Ports[0].TargetPort, service.Spec.Selector = intstr.FromInt32(1), nil
				change(s, service)
			})
			s.withService("web")
			s.withService("marker")
			s.exists("marker-leader") // what came before is decided by now
			s.warned("web", "LeaderServiceTaken", "web-leader")
			s.withReadyPod("web", "a")
			s.withReadyPod("marker", "b")
			s.leads("marker", "b")
			if got := s.exists("web-leader").ResourceVersion; got != foreign.ResourceVersion {
				t.Errorf("it was changed")
			}
			if slice := history.slice(s.namespace, "web-leader-ipv4"); slice != nil {
				t.Errorf("it got a slice")
			}
			s.deleteService("web-leader")
			s.leads("web", "a")
		})
	}
}

// TestALeaderServiceWhoseOwnerIsGoneIsInNobodysWay: the garbage collector takes it, unless it has been given an owner that lives.
func TestALeaderServiceWhoseOwnerIsGoneIsInNobodysWay(t *testing.T) {
	newTanist(t).startElected()
	s := newScene(t)
	s.withService("web-leader", func(service *corev1.Service) {
		service.Annotations = nil
		service.Labels = map[string]string{"app.kubernetes.io/managed-by": "tanist", config.SourceServiceKey: "web"}
		service.OwnerReferences = []metav1.OwnerReference{{
			APIVersion: "v1", Kind: "Service", Name: "web", UID: "11111111-2222-3333-4444-555555555555", Controller: new(true),
		}}
		service.Spec.Selector = nil
	})
	source := s.withService("web")
	s.withReadyPod("web", "a")
	s.leads("web", "a")
	s.exists("web-leader", func(service *corev1.Service) string {
		if owner := metav1.GetControllerOf(service); owner == nil || owner.UID != source.UID {
			return fmt.Sprintf("that it belongs to Service web, %s; got %+v", source.UID, owner)
		}
		return ""
	})
}

func TestBadInputIsReported(t *testing.T) {
	newTanist(t).startElected()
	cases := map[string]struct {
		change   func(*corev1.Service)
		reason   string
		contains []string
	}{
		"a strategy that does not exist": {
			change: func(s *corev1.Service) { s.Annotations[config.StrategyKey] = "best" },
			reason: "InvalidAnnotation", contains: []string{config.StrategyKey, `"best"`, "oldest", "newest", "ordinal"},
		},
		"a sticky that is not true or false": {
			change: func(s *corev1.Service) { s.Annotations[config.StickyKey] = "yes" },
			reason: "InvalidAnnotation", contains: []string{config.StickyKey, `"yes"`, "true", "false"},
		},
		"a min-ready that is no duration": {
			change: func(s *corev1.Service) { s.Annotations[config.MinReadyKey] = "5" },
			reason: "InvalidAnnotation", contains: []string{config.MinReadyKey, `"5"`, "10s"},
		},
		"a not-ready-grace that is too long": {
			change: func(s *corev1.Service) { s.Annotations[config.NotReadyGraceKey] = "1000h" },
			reason: "InvalidAnnotation", contains: []string{config.NotReadyGraceKey, `"1000h"`, "1h"},
		},
		"a drain-window that is not in seconds": {
			change: func(s *corev1.Service) { s.Annotations[config.DrainWindowKey] = "1500ms" },
			reason: "InvalidAnnotation", contains: []string{config.DrainWindowKey, `"1500ms"`, "whole seconds"},
		},
		"a preferred leader that cannot be a pod": {
			change: func(s *corev1.Service) { s.Annotations[config.PreferredLeaderKey] = "A!" },
			reason: "InvalidAnnotation", contains: []string{config.PreferredLeaderKey, `"A!"`},
		},
		"a leader Service's name that is none": {
			change: func(s *corev1.Service) { s.Annotations[config.LeaderServiceKey] = "The Boss" },
			reason: "InvalidAnnotation", contains: []string{config.LeaderServiceKey, `"The Boss"`},
		},
		"a priority on the Service": {
			change: func(s *corev1.Service) { s.Annotations[config.PriorityKey] = "5" },
			reason: "InvalidAnnotation", contains: []string{config.PriorityKey, "pods"},
		},
		"a misspelt annotation": {
			change: func(s *corev1.Service) { s.Annotations["tanist.dev/stiky"] = "true" },
			reason: "InvalidAnnotation", contains: []string{"tanist.dev/stiky", config.StickyKey},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.withReadyPod("web", "a")
			s.withService("web", test.change)
			for _, part := range test.contains {
				s.warned("web", test.reason, part)
			}
			s.leads("web", "a") // the rest works
		})
	}
	for name, change := range map[string]func(*corev1.Service){
		"a Service without selector": func(s *corev1.Service) { s.Spec.Selector = nil },
		"an external name": func(s *corev1.Service) {
			s.Spec = corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "example.com"}
		},
		"a headless Service without ports": func(s *corev1.Service) { s.Spec.ClusterIP, s.Spec.Ports = corev1.ClusterIPNone, nil },
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.withService("web", change)
			s.warned("web", "InvalidService", config.EnabledKey)
		})
	}
}

func TestAWrongAnnotationKeepsTheLastGoodValue(t *testing.T) {
	newTanist(t).startElected()
	s := newScene(t)
	s.withReadyPod("web", "a")
	s.withService("web", func(service *corev1.Service) { service.Annotations[config.LeaderServiceKey] = "boss" })
	s.exists("boss")
	s.annotate("web", config.LeaderServiceKey, "The Boss")
	s.warned("web", "InvalidAnnotation", `"The Boss"`)
	if history.service(s.namespace, "web-leader") != nil || history.service(s.namespace, "boss") == nil {
		t.Error("the leader Service was renamed")
	}
}

func TestANamespaceThatIsBeingDeletedIsLeftAlone(t *testing.T) {
	newTanist(t).startElected()
	s := newScene(t)
	s.withService("web")
	s.withReadyPod("web", "a", endsSoon)
	s.withReadyPod("web", "b", endsSoon)
	before := s.leads("web", "a")
	versions := s.versionsOf("EndpointSlice", "web-leader-ipv4")
	if err := clientset.CoreV1().Namespaces().Delete(t.Context(), s.namespace, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	s.terminates("a", "b") // the namespace's controller deletes the pods first, and the rest once they are gone
	s.deleteService("web-leader")
	marker := newScene(t)
	marker.withService("web")
	marker.withReadyPod("web", "a")
	marker.leads("web", "a") // all of that has been seen by now
	if history.service(s.namespace, "web-leader") != nil {
		t.Error("the leader Service was made again")
	}
	// The deletion of the namespace and of a pod may arrive in any order: a is the last resort, perhaps.
	if l := leadershipOf(history.slice(s.namespace, "web-leader-ipv4")); l.Leader != "" && l.Term != before.Term {
		t.Errorf("the leader was moved: %+v, before %+v", l, before)
	}
	s.endsNamespace()
	if got := s.versionsOf("EndpointSlice", "web-leader-ipv4") - versions; got > 2 {
		t.Errorf("the slice has %d versions more, want its end and hardly another", got)
	}
}
