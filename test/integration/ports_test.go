//go:build integration

package integration_test

import (
	"fmt"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"
)

// A change that does not concern a serving leader does not move it.

const addAdminPort = `[{"op":"add","path":"/spec/ports/-","value":{"name":"admin","port":9000,"targetPort":"admin"}}]`

// addPort adds a port to a Service. No pod has the target port.
func (s *testNamespace) addPort(service string) {
	s.t.Helper()
	patch(s.t, clientset.CoreV1().Services(s.namespace), types.JSONPatchType, service, addAdminPort)
	s.exists(service+"-leader", func(leader *corev1.Service) string {
		if len(leader.Spec.Ports) != len(history.service(s.namespace, service).Spec.Ports) {
			return "the leader Service's port"
		}
		return ""
	})
}

// hasAdmin gives a pod the port that addPort adds.
func hasAdmin(pod *corev1.Pod) {
	pod.Spec.Containers[0].Ports = append(pod.Spec.Containers[0].Ports, corev1.ContainerPort{Name: "admin", ContainerPort: 9000})
}

// portsOf returns a slice's ports, as <name>:<number>.
func portsOf(slice *discoveryv1.EndpointSlice) (ports []string) {
	for _, port := range slice.Ports {
		ports = append(ports, fmt.Sprintf("%s:%d", *port.Name, *port.Port))
	}
	slices.Sort(ports)
	return ports
}

// hasPorts waits until the slice of a Service's leader Service has exactly these ports.
func (s *testNamespace) hasPorts(service string, want ...string) {
	s.t.Helper()
	history.eventually(s.t, func() string {
		if got := portsOf(history.slice(s.namespace, service+"-leader-ipv4")); !slices.Equal(got, want) {
			return fmt.Sprintf("ports %v, got %v", want, got)
		}
		return ""
	})
}

func TestAPortThatNoPodHasTakesNoLeaderAway(t *testing.T) {
	newTanist(t).startElected()
	s, first := pair(t)
	mark := s.mark()
	s.addPort("web")
	s.warned("web", "", "admin")
	s.awaitPodEvents()
	s.alwaysOne("web-leader", mark)
	s.stays("web", first)
	s.hasPorts("web", "http:8080")

	// With Helm, the new pods, which have the port, come after the Service. They are better candidates, though younger than b.
	s.withReadyPod("web", "c", hasAdmin)
	s.awaitPodEvents()
	s.terminate("a")
	s.leads("web", "c")
	s.hasPorts("web", "admin:9000", "http:8080")
	s.alwaysOne("web-leader", mark)
}

func TestALeaderWithoutAllPortsIsBetterThanNone(t *testing.T) {
	newTanist(t).startElected()
	s := newNamespace(t)
	s.withService("web")
	s.exists("web-leader")
	s.addPort("web")
	s.withReadyPod("web", "a")
	s.leads("web", "a")
	s.hasPorts("web", "http:8080")
	s.withReadyPod("web", "b")
	s.terminate("a")
	s.leads("web", "b")
}

func TestAPortThatIsAddedInTwoFamiliesTakesNoLeaderAway(t *testing.T) {
	newTanist(t).startElected()
	policy := corev1.IPFamilyPolicyRequireDualStack
	s, first := pair(t, func(service *corev1.Service) { service.Spec.IPFamilyPolicy = &policy })
	s.addPort("web")
	s.warned("web", "", "admin")
	s.awaitPodEvents()
	s.stays("web", first)
	history.eventually(t, func() string {
		slice := history.slice(s.namespace, "web-leader-ipv6")
		if l := leadershipOf(slice); l.Leader != "a" || !l.Ready || !slices.Equal(portsOf(slice), []string{"http:8080"}) {
			return fmt.Sprintf("that a leads with its one port, got %+v, %v", l, portsOf(slice))
		}
		return ""
	})
}

func TestAJobsPodGivesWay(t *testing.T) {
	newTanist(t).startElected()
	t.Run("the only other pod is replaced", func(t *testing.T) {
		s := newNamespace(t, realWorkloads)
		s.withService("web")
		s.withDeployment("web", 1)
		leader := s.runs("web", 1)[0].Name
		s.leads("web", leader)
		s.withJob("web", "migration")
		s.runs("web", 2)
		s.awaitPodEvents()
		s.terminate(leader)
		s.finish(leader)
		s.runs("web", 2)
		last := s.leadsOne("web", "ReplicaSet")
		s.awaitPodEvents()
		s.stays("web", last)
	})
	t.Run("it is older", func(t *testing.T) {
		s := newNamespace(t, realWorkloads)
		s.withService("web")
		s.withJob("web", "migration")
		s.runs("web", 1)
		first := s.leadsOne("web", "Job") // no other pod can lead
		s.withDeployment("web", 1)
		s.runs("web", 2)
		if last := s.leadsOne("web", "ReplicaSet"); !s.next("web", first, last) {
			t.Errorf("got %+v after %+v", last, first)
		}
	})
	t.Run("it would follow otherwise", func(t *testing.T) {
		s := newNamespace(t, realWorkloads)
		s.withService("web")
		s.withDeployment("web", 1)
		leader := s.runs("web", 1)[0].Name
		first := s.leads("web", leader)
		s.withJob("web", "migration")
		s.runs("web", 2) // the Job's pod is older than the Deployment's next one
		s.patchDeployment("web", `{"spec":{"replicas":2}}`)
		s.runs("web", 3)
		s.awaitPodEvents()
		s.terminate(leader)
		if last := s.leadsOne("web", "ReplicaSet", leader); !s.next("web", first, last) {
			t.Errorf("got %+v after %+v", last, first)
		}
	})
}
