//go:build integration

package integration_test

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
)

// restoreFrom creates what a backup has of a Service with a leader: no owner references, and a slice with the address of a pod that is gone.
func (s *testNamespace) restoreFrom(service string) {
	s.t.Helper()
	yes, no := true, false
	ours := map[string]string{config.ManagedByKey: config.ManagedBy, config.SourceServiceKey: service}
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Name: service + "-leader-ipv4", Annotations: map[string]string{config.TermKey: "41", config.LeaderKey: "dead", config.ReasonKey: "LeaderDeleted"},
			Labels: map[string]string{
				discoveryv1.LabelServiceName: service + "-leader", discoveryv1.LabelManagedBy: config.SliceManagedBy,
				config.ManagedByKey: config.ManagedBy, config.SourceServiceKey: service,
			},
		},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints: []discoveryv1.Endpoint{{
			Addresses: []string{"10.99.99.99"}, Conditions: discoveryv1.EndpointConditions{Ready: &yes, Serving: &yes, Terminating: &no}, TargetRef: &corev1.ObjectReference{Kind: "Pod", Namespace: "depot", Name: "dead", UID: "dead"},
		}},
	}
	if _, err := clientset.DiscoveryV1().EndpointSlices(s.namespace).Create(s.t.Context(), slice, metav1.CreateOptions{}); err != nil {
		s.t.Fatalf("failed to restore EndpointSlice: %v", err)
	}
	s.withService(service+"-leader", func(leader *corev1.Service) {
		leader.Labels, leader.Spec.Selector = ours, nil
		leader.Annotations = map[string]string{config.TermKey: "41", config.LeaderKey: "dead", config.InstallationKey: "gone"}
	})
	s.withService(service)
}

func TestWhatABackupRestoresIsLedAgain(t *testing.T) {
	cases := map[string]func(i *tanist, s *testNamespace){
		"Tanist runs meanwhile": func(i *tanist, s *testNamespace) { i.startElected(); s.restoreFrom("web") },
		"Tanist starts later":   func(i *tanist, s *testNamespace) { s.restoreFrom("web"); i.startElected() },
	}
	for name, restore := range cases {
		t.Run(name, func(t *testing.T) {
			i, s := newTanist(t), newNamespace(t)
			restore(i, s)
			s.withReadyPod("web", "a")
			if l := s.leads("web", "a"); l.Term <= 41 {
				t.Errorf("the term is %d", l.Term)
			}
			source := history.service(s.namespace, "web")
			s.exists("web-leader", func(service *corev1.Service) string {
				if owner := metav1.GetControllerOf(service); owner == nil || owner.UID != source.UID {
					return fmt.Sprintf("that Service web controls it; got %v", owner)
				}
				return ""
			})
		})
	}
}

func TestAMistypedNamespaceLabelTakesNothingAway(t *testing.T) {
	newTanist(t).startElected()
	s, first := pair(t)
	leader := s.exists("web-leader")
	s.label(`"yes"`)
	s.warned("web", "NamespaceOptedOut", "web-leader")
	s.exists("web-leader", func(service *corev1.Service) string {
		if service.Annotations[config.OrphanedSinceKey] == "" {
			return "the mark"
		}
		return ""
	})
	s.kill("a")
	during := s.leads("web", "b")
	if during.Term <= first.Term {
		t.Errorf("the term went from %d to %d", first.Term, during.Term)
	}
	s.label(`"true"`)
	s.exists("web-leader", func(service *corev1.Service) string {
		if service.Annotations[config.OrphanedSinceKey] != "" {
			return "that the mark goes"
		}
		if service.UID != leader.UID || service.Spec.ClusterIP != leader.Spec.ClusterIP {
			t.Error("it is another one")
		}
		return ""
	})
	s.stays("web", during)
}

func TestTwoInstallationsDoNotServeOneService(t *testing.T) {
	one := newTanist(t)
	one.startElected()
	s, before := pair(t)
	s.exists("web-leader", func(service *corev1.Service) string {
		if got := service.Annotations[config.InstallationKey]; got != one.namespace {
			return "that it names " + one.namespace + "; got " + got
		}
		return ""
	})
	s.mirrored("web-leader", before)
	version := s.exists("web-leader").ResourceVersion
	other := newTanist(t)
	other.startElected()
	s.warned("web", "OtherInstallation", "namespace "+other.namespace)
	if got := s.exists("web-leader").ResourceVersion; got != version {
		t.Error("the other one has written")
	}
	s.annotate("web-leader", config.InstallationKey, "no-such-namespace")
	s.exists("web-leader", func(service *corev1.Service) string {
		if got := service.Annotations[config.InstallationKey]; got != one.namespace && got != other.namespace {
			return "that one of them takes over; got " + got
		}
		return ""
	})
	s.stays("web", before)
}

func TestTwoServicesWithOneLeaderServiceName(t *testing.T) {
	newTanist(t).startElected()
	s, before := pair(t)
	s.withService("api", func(service *corev1.Service) { service.Annotations[config.LeaderServiceKey] = "web-leader" })
	s.warned("api", "LeaderServiceTaken", "is the leader Service of Service web: choose another name")
	s.stays("web", before)
	s.kill("a")
	s.leads("web", "b")
	s.annotate("api", config.LeaderServiceKey, "")
	s.withReadyPod("api", "c")
	s.leads("api", "c")
}

func TestAServiceThatLosesItsSelectorKeepsItsLeaderService(t *testing.T) {
	newTanist(t).startElected()
	s := newNamespace(t)
	s.withService("web")
	s.withReadyPod("web", "a")
	first := s.leads("web", "a")
	s.mirrored("web-leader", first)
	leader, slice := s.exists("web-leader"), history.slice(s.namespace, "web-leader-ipv4")
	s.patchService("web", `{"spec":{"selector":null}}`)
	s.warned("web", "InvalidService", "stays as it is")
	s.exists("web-leader", func(service *corev1.Service) string {
		if service.Annotations[config.OrphanedSinceKey] == "" {
			return "the mark"
		}
		return ""
	})
	if now := history.slice(s.namespace, "web-leader-ipv4"); now == nil || now.ResourceVersion != slice.ResourceVersion {
		t.Errorf("the slice was changed: %+v", now)
	}
	s.patchService("web", `{"spec":{"selector":{"app":"web"}}}`)
	s.exists("web-leader", func(service *corev1.Service) string {
		if service.Annotations[config.OrphanedSinceKey] != "" {
			return "that the mark goes"
		}
		if service.UID != leader.UID || service.Spec.ClusterIP != leader.Spec.ClusterIP {
			t.Error("it is another one")
		}
		return ""
	})
	s.withReadyPod("web", "b")
	s.terminate("a")
	checkNextTerm(t, first, s.leads("web", "b"))
}
