//go:build integration

package integration_test

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"

	"github.com/tanist-dev/tanist/config"
)

// Endpoints of a leader Service get traffic whoever has made them.

// endpoints is a client for Endpoints objects. It does not log that they are deprecated.
func (s *testNamespace) endpoints() typedcorev1.EndpointsInterface {
	s.t.Helper()
	quiet := func(config *rest.Config) { config.WarningHandler = rest.NoWarnings{} }
	return newClient(s.t, quiet).CoreV1().Endpoints(s.namespace)
}

// selects gives a leader Service a selector, again and again until Kubernetes' own controllers have made a slice for it.
func (s *testNamespace) selects(leaderService, app string) {
	s.t.Helper()
	body := fmt.Sprintf(`{"spec":{"selector":{"app":%q}}}`, app)
	history.eventually(s.t, func() string {
		for _, v := range history.all("EndpointSlice", s.namespace) {
			labels := v.object.(*discoveryv1.EndpointSlice).Labels
			if labels[discoveryv1.LabelServiceName] == leaderService && labels[discoveryv1.LabelManagedBy] != config.SliceManagedBy {
				return ""
			}
		}
		s.patchService(leaderService, body)
		return "a slice of Kubernetes' own controllers"
	})
}

func TestASelectorThatIsSetOnALeaderServiceLeavesNothingBehind(t *testing.T) {
	newTanist(t).startElected()
	dual := corev1.IPFamilyPolicyRequireDualStack
	cases := map[string]func(*corev1.Service){
		"the Service has one address family":   func(*corev1.Service) {},
		"the Service has two address families": func(service *corev1.Service) { service.Spec.IPFamilyPolicy = &dual },
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			s, first := pair(t, change)
			s.withReadyPod("web", "c")
			s.selects("web-leader", "web")
			s.noneButOurs("web-leader")

			// Nothing of it comes back when pods and the Service change.
			mark := s.mark()
			s.withReadyPod("web", "d")
			s.notReady("b")
			s.addLabel("web-leader")
			s.awaitPodEvents()
			s.noneButOurs("web-leader")
			s.everReady("web-leader", mark, func(ready []string) {
				if len(ready) != len(history.service(s.namespace, "web-leader").Spec.IPFamilies) {
					t.Errorf("the leader Service had the ready endpoints %v", ready)
				}
			})
			s.stays("web", first)
		})
	}
}

// addLabel changes a Service in a way that does not concern Tanist.
func (s *testNamespace) addLabel(service string) {
	s.t.Helper()
	s.patchService(service, `{"metadata":{"labels":{"example.com/changed":"yes"}}}`)
}

// noneButOurs waits until a leader Service has no selector, no Endpoints object, and no slices but Tanist's.
func (s *testNamespace) noneButOurs(leaderService string) {
	s.t.Helper()
	s.exists(leaderService, func(service *corev1.Service) string {
		if len(service.Spec.Selector) > 0 {
			return "that the selector goes"
		}
		return ""
	})
	s.onlyOurs(leaderService)
	history.eventually(s.t, func() string {
		if _, err := s.endpoints().Get(s.t.Context(), leaderService, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			return fmt.Sprintf("that there is no Endpoints object, got error %v", err)
		}
		return ""
	})
}

func TestAUsersOwnEndpointsObjectIsLeftAndReported(t *testing.T) {
	newTanist(t).startElected()
	s, first := pair(t)
	own, err := s.endpoints().Create(t.Context(), &corev1.Endpoints{ //nolint:staticcheck // users still make them
		ObjectMeta: metav1.ObjectMeta{Name: "web-leader"},
		Subsets: []corev1.EndpointSubset{{ //nolint:staticcheck // as above
			Addresses: []corev1.EndpointAddress{{IP: "10.66.0.1"}}, Ports: []corev1.EndpointPort{{Name: "http", Port: 8080}},
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s.warned("web", "", "Endpoints") // it names the object to delete: a mirrored slice alone would come back
	s.warned("web", "", "web-leader")
	s.awaitPodEvents()
	s.stays("web", first)
	got, err := s.endpoints().Get(t.Context(), "web-leader", metav1.GetOptions{})
	if err != nil || got.ResourceVersion != own.ResourceVersion {
		t.Errorf("it was changed: %+v, %v", got, err)
	}

	// The Event's advice works.
	if err := s.endpoints().Delete(t.Context(), "web-leader", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	s.onlyOurs("web-leader")
}
