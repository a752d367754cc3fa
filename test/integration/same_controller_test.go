//go:build integration

package integration_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
)

// newServiceOfDeployment returns a namespace with a Service web that only pods of Deployment web lead, and what makes a pod one of these.
func newServiceOfDeployment(t *testing.T) (*testNamespace, func(*corev1.Pod)) {
	t.Helper()
	newTanist(t).startElected()
	s := newNamespace(t)
	s.withService("web", func(service *corev1.Service) {
		service.Annotations[config.SameControllerKey] = "Deployment/web"
	})
	return s, ofReplicaSet(s.withReplicaSet("web-1", 1))
}

func TestOnlyPodsOfTheNamedWorkloadLead(t *testing.T) {
	s, ofWeb := newServiceOfDeployment(t)
	forged := func(pod *corev1.Pod) {
		ofWeb(pod)
		pod.OwnerReferences[0].UID, pod.Annotations = "forged", map[string]string{config.PriorityKey: "100"}
	}
	s.withReadyPod("web", "stranger", func(pod *corev1.Pod) { pod.Annotations = map[string]string{config.PriorityKey: "100"} })
	s.withReadyPod("web", "a", ofWeb)
	first := s.leads("web", "a")
	s.warned("web", "UnfitPod", "pod stranger cannot lead: it does not belong to Deployment/web")
	s.withReadyPod("web", "forger", forged)
	s.withReadyPod("web", "b", ofReplicaSet(s.withReplicaSet("web-2", 1)))
	s.terminate("a")
	if moved := s.leads("web", "b"); !s.next("web", first, moved) {
		t.Errorf("got %+v after %+v", moved, first)
	}
	s.kill("b")
	s.nobodyLeads("web")
	s.withReadyPod("web", "c", ofWeb)
	s.leads("web", "c")
}

// TestALeaderWhoseWorkloadIsCreatedAgainStays: "kubectl delete --cascade=orphan" leaves the pods to the next workload of that name.
func TestALeaderWhoseWorkloadIsCreatedAgainStays(t *testing.T) {
	s, ofWeb := newServiceOfDeployment(t)
	s.withReadyPod("web", "a", ofWeb)
	first := s.leads("web", "a")
	s.withReadyPod("web", "b", ofWeb)

	if err := clientset.AppsV1().Deployments(s.namespace).Delete(t.Context(), "web", metav1.DeleteOptions{
		PropagationPolicy: new(metav1.DeletePropagationOrphan),
	}); err != nil {
		t.Fatal(err)
	}
	s.warned("web", "UnfitPod", "pod b cannot lead: it does not belong to Deployment/web")
	s.stays("web", first)

	s.withReadyPod("web", "c", ofReplicaSet(s.withReplicaSet("web-2", 1))) // of the Deployment that is created again
	moved := s.leads("web", "c")
	if !s.next("web", first, moved) || moved.Reason != "LeaderExcluded" {
		t.Errorf("got %+v after %+v", moved, first)
	}
	s.kill("c")
	s.nobodyLeads("web") // the others serve, and are nobody's
}
