//go:build integration

package integration_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"
)

// pair makes a Service that pod a leads. Pod b can follow.
func pair(t *testing.T, change ...func(*corev1.Service)) (*testNamespace, leadership) {
	t.Helper()
	s := newNamespace(t)
	s.withService("web", change...)
	s.withReadyPod("web", "a")
	first := s.leads("web", "a")
	s.withReadyPod("web", "b")
	return s, first
}

func annotation(key, value string) func(*corev1.Service) {
	return func(service *corev1.Service) { service.Annotations[key] = value }
}

func TestALostLeaderIsFollowed(t *testing.T) {
	newTanist(t).startElected()
	cases := map[string]struct {
		lose   func(*testNamespace)
		reason string
	}{
		"its deletion begins": {lose: func(s *testNamespace) { s.terminate("a") }, reason: "LeaderDeleted"},
		// The API server marks a pod as terminating before it removes it, even without a grace period.
		"it is deleted at once":            {lose: func(s *testNamespace) { s.kill("a") }, reason: "Leader"},
		"it is not ready":                  {lose: func(s *testNamespace) { s.notReady("a") }, reason: "LeaderNotReady"},
		"its readiness is unknown":         {lose: func(s *testNamespace) { s.condition("a", "Ready", "Unknown") }, reason: "LeaderNotReady"},
		"it will be evicted":               {lose: func(s *testNamespace) { s.condition("a", "DisruptionTarget", "True") }, reason: "LeaderDisrupted"},
		"it fails":                         {lose: func(s *testNamespace) { s.status("a", `{"phase":"Failed"}`) }, reason: "LeaderGone"},
		"the Service no longer selects it": {lose: func(s *testNamespace) { s.relabelPod("a", "other") }, reason: "LeaderGone"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			s, first := pair(t)
			test.lose(s)
			second := s.leads("web", "b")
			if !s.next("web", first, second) || !strings.HasPrefix(second.Reason, test.reason) {
				t.Errorf("got %+v after %+v, want reason %s", second, first, test.reason)
			}
			if got := s.versionsOf("EndpointSlice", "web-leader-ipv4"); got > 3 {
				t.Errorf("the slice was written %d times", got)
			}
			slice := history.slice(s.namespace, "web-leader-ipv4")
			trigger, err := time.Parse(time.RFC3339Nano, slice.Annotations[corev1.EndpointsLastChangeTriggerTime])
			if err != nil || time.Since(trigger) > time.Minute {
				t.Errorf("got trigger time %s, %v", trigger, err)
			}
			s.mirrored("web-leader", second)
			s.reported("web", "LeaderChanged", second.Reason)
		})
	}
}

func (s *testNamespace) relabelPod(name, app string) {
	s.t.Helper()
	body := fmt.Sprintf(`{"metadata":{"labels":{"app":%q}}}`, app)
	patch(s.t, clientset.CoreV1().Pods(s.namespace), types.MergePatchType, name, body)
}

func TestAPodIsFollowedAtOnceByAnotherOfItsName(t *testing.T) {
	newTanist(t).startElected()
	s := newNamespace(t)
	s.withService("web")
	s.withReadyPod("web", "web-0")
	first := s.leads("web", "web-0")
	old := history.slice(s.namespace, "web-leader-ipv4").Endpoints[0].TargetRef.UID
	s.kill("web-0")
	s.withReadyPod("web", "web-0")
	history.eventually(t, func() string {
		slice := history.slice(s.namespace, "web-leader-ipv4")
		if len(slice.Endpoints) == 0 || slice.Endpoints[0].TargetRef.UID == old {
			return "an endpoint of the second pod"
		}
		if l := leadershipOf(slice); l.Term <= first.Term {
			return fmt.Sprintf("a new term, got %+v", l)
		}
		return ""
	})
}

func TestWhenNoPodCanFollow(t *testing.T) {
	newTanist(t).startElected()
	s := newNamespace(t)
	s.withService("web")
	empty := s.nobodyLeads("web")
	s.withReadyPod("web", "a")
	first := s.leads("web", "a")
	if first.Term <= empty.Term {
		t.Errorf("got %+v after %+v", first, empty)
	}

	s.terminate("a")
	last := s.says("web", "a is the last resort", func(l leadership) bool { return l.Leader == "a" && !l.Ready })
	if last.Term != first.Term || last.Reason != "FirstLeader" {
		t.Errorf("got %+v", last)
	}
	conditions := history.slice(s.namespace, "web-leader-ipv4").Endpoints[0].Conditions
	yes, no := true, false
	if diff := cmp.Diff(discoveryv1.EndpointConditions{Ready: &no, Serving: &yes, Terminating: &yes}, conditions); diff != "" {
		t.Errorf("unexpected conditions (-want +got):\n%s", diff)
	}
	s.warned("web", "LastResort", "a")

	s.notReady("a")
	nobody := s.nobodyLeads("web")
	if !s.next("web", last, nobody) || nobody.Reason != "NoCandidate" {
		t.Errorf("got %+v", nobody)
	}
	s.warned("web", "NoLeader", "a no longer leads")
	s.withReadyPod("web", "b")
	if l := s.leads("web", "b"); !s.next("web", nobody, l) {
		t.Errorf("got %+v", l)
	}
}

func TestALeaderKeepsItsTermWithAnotherAddress(t *testing.T) {
	newTanist(t).startElected()
	s := newNamespace(t)
	s.withService("web")
	s.withReadyPod("web", "a")
	before := s.leads("web", "a")
	s.status("a", `{"podIP":"10.77.0.1","podIPs":[{"ip":"10.77.0.1"}]}`)
	after := s.says("web", "the other address", func(l leadership) bool { return l.Address == "10.77.0.1" })
	if after.Term != before.Term || !after.Ready {
		t.Errorf("got %+v", after)
	}
}

func TestAPodWhosePortDoesNotResolveDoesNotLead(t *testing.T) {
	newTanist(t).startElected()
	s := newNamespace(t)
	s.withService("web")
	s.withReadyPod("web", "a", func(pod *corev1.Pod) { pod.Spec.Containers[0].Ports[0].Name = "other" })
	s.warned("web", "UnfitPod", `"web"`)
	always := corev1.ContainerRestartPolicyAlways
	s.withReadyPod("web", "b", func(pod *corev1.Pod) {
		pod.Spec.Containers[0].Ports = nil
		pod.Spec.InitContainers = []corev1.Container{{
			Name: "proxy", Image: "none", RestartPolicy: &always, Ports: []corev1.ContainerPort{{Name: "web", ContainerPort: 15001}},
		}}
	})
	if l := s.leads("web", "b"); l.Port != 15001 {
		t.Errorf("got %+v", l)
	}
}

// TestAHandoverWhoseAnswerIsLostIsReported: the API server carries out the write, and its answer never arrives. The second attempt gets a conflict.
func TestAHandoverWhoseAnswerIsLostIsReported(t *testing.T) {
	r := newTanist(t).startElected()
	s, first := pair(t)
	s.awaitPodEvents()
	var writes atomic.Int32
	lose := func(request *http.Request) {
		if request.Method == http.MethodPut && strings.Contains(request.URL.Path, s.namespace+"/endpointslices/") && writes.Add(1) == 1 {
			<-request.Context().Done()
		}
	}
	r.network.answered.Store(&lose)
	s.terminate("a")
	second := s.leads("web", "b")
	if !s.next("web", first, second) {
		t.Errorf("got %+v after %+v", second, first)
	}
	s.reported("web", "LeaderChanged", second.Reason)
	if got := writes.Load(); got != 2 {
		t.Errorf("%d writes, want two", got)
	}
	s.stays("web", second)
}
