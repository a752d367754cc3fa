//go:build integration

package integration_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestASliceThatIsNotTanistsIsLeftAlone(t *testing.T) {
	newTanist(t).startElected()
	s := newNamespace(t)
	foreign, err := clientset.DiscoveryV1().EndpointSlices(s.namespace).Create(t.Context(), &discoveryv1.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{Name: "web-leader-ipv4", Labels: map[string]string{"mine": "yes"}},
		AddressType: discoveryv1.AddressTypeIPv4, Endpoints: []discoveryv1.Endpoint{},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s.withService("web")
	s.withReadyPod("web", "a")
	s.warned("web", "EndpointSliceTaken", "web-leader-ipv4")
	if got := history.slice(s.namespace, "web-leader-ipv4"); got.ResourceVersion != foreign.ResourceVersion {
		t.Errorf("it was changed")
	}
}

func TestAForeignSliceThatTakesTrafficIsReported(t *testing.T) {
	newTanist(t).startElected()
	s, first := pair(t)
	foreign, err := clientset.DiscoveryV1().EndpointSlices(s.namespace).Create(t.Context(), &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{Name: "foreign", Labels: map[string]string{
			"endpointslice.kubernetes.io/managed-by": "tanist.dev", "kubernetes.io/service-name": "web-leader",
			"app.kubernetes.io/managed-by": "tanist", "tanist.dev/source-service": "web",
		}, Annotations: map[string]string{"tanist.dev/term": "1000", "tanist.dev/leader": "b"}},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints: []discoveryv1.Endpoint{{
			Addresses: []string{"10.66.0.1"}, TargetRef: &corev1.ObjectReference{Kind: "Pod", Name: "b", UID: "x"},
			Conditions: discoveryv1.EndpointConditions{Ready: new(bool)}, // not ready, so that it breaks no invariant
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s.warned("web", "ForeignEndpointSlice", "foreign")
	s.stays("web", first)
	s.terminate("a")
	if l := s.leads("web", "b"); !s.next("web", first, l) {
		t.Errorf("got %+v", l)
	}
	if got := history.slice(s.namespace, "foreign"); got.ResourceVersion != foreign.ResourceVersion {
		t.Error("it was changed")
	}
}
