//go:build integration

package integration_test

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/tanist-dev/tanist/config"
)

func TestAServiceThatIsNotTanistsIsLeftAlone(t *testing.T) {
	ours := func(uid types.UID) func(*corev1.Service) {
		controller := true
		return func(service *corev1.Service) {
			service.Labels = map[string]string{"app.kubernetes.io/managed-by": "tanist", config.SourceServiceKey: "web"}
			service.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Service", Name: "web", UID: uid, Controller: &controller}}
		}
	}
	cases := map[string]func(*testNamespace, *corev1.Service){
		"it only has the name": func(*testNamespace, *corev1.Service) {},
		"another Service controls it": func(s *testNamespace, service *corev1.Service) {
			other := s.withService("api", func(other *corev1.Service) { other.Annotations = nil })
			ours(other.UID)(service)
			service.OwnerReferences[0].Name, service.Labels = other.Name, nil
		},
		"it has our labels and a selector": func(_ *testNamespace, service *corev1.Service) {
			ours("x")(service)
			service.OwnerReferences = nil
			service.Spec.Selector = map[string]string{"app": "x"}
		},
		"it has our labels and another type": func(_ *testNamespace, service *corev1.Service) {
			ours("x")(service)
			service.OwnerReferences = nil
			service.Spec.Type = corev1.ServiceTypeNodePort
		},
	}
	newTanist(t).startElected()
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			s := newNamespace(t)
			foreign := s.withService("web-leader", func(service *corev1.Service) {
				service.Annotations = nil
				service.Spec.Ports[0].TargetPort, service.Spec.Selector = intstr.FromInt32(1), nil
				change(s, service)
			})
			s.withService("web")
			s.withService("marker")
			s.exists("marker-leader") // by now Tanist has handled what came before
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

// TestALeaderServiceWhoseOwnerIsGoneBlocksNothing: the garbage collector deletes it, unless Tanist has given it an owner that exists.
func TestALeaderServiceWhoseOwnerIsGoneBlocksNothing(t *testing.T) {
	newTanist(t).startElected()
	s := newNamespace(t)
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
