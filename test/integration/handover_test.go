//go:build integration

package integration_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
)

// pair is a Service that a leads and b could take over.
func pair(t *testing.T, change ...func(*corev1.Service)) (*scene, leadership) {
	t.Helper()
	s := newScene(t)
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
		lose   func(*scene)
		reason string
	}{
		"its deletion begins": {lose: func(s *scene) { s.terminate("a") }, reason: "LeaderDeleted"},
		// The API server marks a pod as terminating before it removes it, also when it may do so at once.
		"it is deleted at once":    {lose: func(s *scene) { s.kill("a") }, reason: "Leader"},
		"it is not ready":          {lose: func(s *scene) { s.notReady("a") }, reason: "LeaderNotReady"},
		"its readiness is lost":    {lose: func(s *scene) { s.condition("a", "Ready", "Unknown") }, reason: "LeaderNotReady"},
		"it will be evicted":       {lose: func(s *scene) { s.condition("a", "DisruptionTarget", "True") }, reason: "LeaderDisrupted"},
		"it fails":                 {lose: func(s *scene) { s.status("a", `{"phase":"Failed"}`) }, reason: "LeaderGone"},
		"it is no pod of ours now": {lose: func(s *scene) { s.relabelPod("a", "other") }, reason: "LeaderGone"},
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
			history.eventually(t, func() string {
				if !history.event("Normal", s.namespace, "web", "LeaderChanged", second.Reason) {
					return "an Event that tells of it"
				}
				return ""
			})
		})
	}
}

func (s *scene) relabelPod(name, app string) {
	s.t.Helper()
	body := fmt.Sprintf(`{"metadata":{"labels":{"app":%q}}}`, app)
	if _, err := clientset.CoreV1().Pods(s.namespace).Patch(
		s.t.Context(), name, "application/merge-patch+json", []byte(body), metav1.PatchOptions{}); err != nil {
		s.t.Fatalf("failed to label pod: %v", err)
	}
}

func TestAPodThatIsFollowedAtOnceByAnotherOfItsName(t *testing.T) {
	newTanist(t).startElected()
	s := newScene(t)
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

func TestWhenNobodyCanFollow(t *testing.T) {
	newTanist(t).startElected()
	s := newScene(t)
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
	s.warned("web", "NoLeader", "a led")
	s.withReadyPod("web", "b")
	if l := s.leads("web", "b"); !s.next("web", nobody, l) {
		t.Errorf("got %+v", l)
	}
}

func TestALeaderKeepsItsTermWithAnotherAddress(t *testing.T) {
	newTanist(t).startElected()
	s := newScene(t)
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
	s := newScene(t)
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

func TestWishes(t *testing.T) {
	newTanist(t).startElected()
	cases := map[string]struct {
		annotations []func(*corev1.Service)
		act         func(*scene)
		want        string
		reason      string
	}{
		"a preferred leader takes over": {
			act: func(s *scene) { s.annotate("web", config.PreferredLeaderKey, "b") }, want: "b", reason: "Preferred",
		},
		"a Service that is not sticky follows the strategy": {
			act: func(s *scene) {
				s.patchService("web", fmt.Sprintf(`{"metadata":{"annotations":{%q:"ordinal",%q:"false"}}}`, config.StrategyKey, config.StickyKey))
				s.withReadyPod("web", "web-0", func(pod *corev1.Pod) { pod.Labels["apps.kubernetes.io/pod-index"] = "0" })
			},
			want: "web-0", reason: "BetterCandidate",
		},
		"a higher priority follows first": {
			act: func(s *scene) {
				s.withReadyPod("web", "c", func(pod *corev1.Pod) { pod.Annotations = map[string]string{config.PriorityKey: "5"} })
				s.terminate("a")
			},
			want: "c", reason: "LeaderDeleted",
		},
		"a lost readiness is tolerated for the grace": {
			annotations: []func(*corev1.Service){annotation(config.NotReadyGraceKey, "2s")},
			act:         func(s *scene) { s.notReady("a") },
			want:        "b", reason: "LeaderNotReady",
		},
		"a leader that will go waits for a successor who is ready for long enough": {
			annotations: []func(*corev1.Service){annotation(config.MinReadyKey, "3s")},
			act:         func(s *scene) { s.condition("a", "DisruptionTarget", "True") },
			want:        "b", reason: "LeaderDisrupted",
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			s, first := pair(t, test.annotations...)
			test.act(s)
			if l := s.leads("web", test.want); !s.next("web", first, l) || l.Reason != test.reason {
				t.Errorf("got %+v, want reason %s", l, test.reason)
			}
		})
	}
}

func TestAWrongPriorityIsReportedOnThePod(t *testing.T) {
	newTanist(t).startElected()
	s := newScene(t)
	s.withService("web")
	s.withReadyPod("web", "a", func(pod *corev1.Pod) { pod.Annotations = map[string]string{config.PriorityKey: "high"} })
	s.leads("web", "a")
	s.warned("a", "InvalidAnnotation", `"high"`)
}

func TestWhatSomeoneDoesToASliceIsUndone(t *testing.T) {
	newTanist(t).startElected()
	other := `{"addresses":["10.66.0.1"],"conditions":{"ready":true},"targetRef":{"kind":"Pod","name":"b","uid":"x"}}`
	cases := map[string]string{
		"the endpoint is removed":        `{"endpoints":[]}`,
		"another endpoint is put there":  `{"endpoints":[` + other + `]}`,
		"another pod is said to lead":    `{"metadata":{"annotations":{"tanist.dev/leader":"b"}},"endpoints":[` + other + `]}`,
		"the term is lowered":            `{"metadata":{"annotations":{"tanist.dev/term":"1"}}}`,
		"the term is removed":            `{"metadata":{"annotations":{"tanist.dev/term":null}}}`,
		"the ports are replaced":         `{"ports":[{"name":"x","port":1}]}`,
		"nobody is said to lead":         `{"metadata":{"annotations":{"tanist.dev/leader":null}},"endpoints":[]}`,
		"the leader is called not ready": `{"endpoints":[{"addresses":["10.66.0.1"],"conditions":{"ready":false}}]}`,
	}
	s := newScene(t)
	s.withService("web")
	s.withReadyPod("web", "x")
	s.leads("web", "x")
	s.withReadyPod("web", "a")
	s.kill("x")
	before := s.leads("web", "a")
	s.withReadyPod("web", "b")
	for name, body := range cases {
		t.Run(name, func(t *testing.T) {
			before = s.undoes(t, "web-leader-ipv4", body, before)
		})
	}
	t.Run("it is deleted", func(t *testing.T) {
		uid := s.deleteSlice("web-leader-ipv4")
		s.makesAgain("web-leader-ipv4", uid, before)
	})
}

// undoes changes a slice as someone else does, and waits until it is again as it should be.
func (s *scene) undoes(t *testing.T, slice, body string, want leadership) (got leadership) {
	t.Helper()
	version := history.slice(s.namespace, slice).ResourceVersion
	s.patchSlice(slice, body)
	history.eventually(t, func() string {
		slice := history.slice(s.namespace, slice)
		if slice.ResourceVersion == version {
			return "that someone's edit is seen"
		}
		got = leadershipOf(slice)
		return got.keeps(want)
	})
	return got
}

// deleteSlice deletes a slice as someone else does.
func (s *scene) deleteSlice(slice string) (deleted types.UID) {
	s.t.Helper()
	deleted = history.slice(s.namespace, slice).UID
	if err := clientset.DiscoveryV1().EndpointSlices(s.namespace).Delete(s.t.Context(), slice, metav1.DeleteOptions{}); err != nil {
		s.t.Fatal(err)
	}
	return deleted
}

// makesAgain waits until there is a slice of the same name that names the same leader as the deleted one.
func (s *scene) makesAgain(slice string, deleted types.UID, want leadership) {
	s.t.Helper()
	history.eventually(s.t, func() string {
		slice := history.slice(s.namespace, slice)
		if slice == nil || slice.UID == deleted {
			return "another slice"
		}
		return leadershipOf(slice).keeps(want)
	})
}

// TestADeletionThatOvertakesAnAnswerIsSeen: the API server has repaired a slice for us and someone deletes it, and we hear of both
// before we have the answer to the repair.
func TestADeletionThatOvertakesAnAnswerIsSeen(t *testing.T) {
	r := newTanist(t).startElected()
	s, first := pair(t)
	s.withService("other")
	s.withReadyPod("other", "other")
	other := s.leads("other", "other")
	const slice = "web-leader-ipv4"
	const nobody = `{"endpoints":[]}`

	carriedOut, seen := make(chan struct{}), make(chan struct{})
	released := sync.OnceFunc(func() { close(seen) })
	defer released()
	once := sync.OnceFunc(func() {
		close(carriedOut)
		<-seen
	})
	hold := func(request *http.Request) {
		if request.Method == http.MethodPut && strings.HasSuffix(request.URL.Path, "/"+slice) {
			once()
		}
	}
	r.network.answered.Store(&hold)
	s.patchSlice(slice, nobody)
	<-carriedOut
	deleted := s.deleteSlice(slice)
	s.undoes(t, "other-leader-ipv4", nobody, other) // it comes after the deletion, which has been seen, too, when it has
	released()
	s.makesAgain(slice, deleted, first)
}

// TestADeletionWhileTheAPIServerIsOutOfReachIsSeen: no event tells of it, only the next list.
func TestADeletionWhileTheAPIServerIsOutOfReachIsSeen(t *testing.T) {
	r := newTanist(t).startElected()
	s, first := pair(t)
	r.network.cut()
	deleted := s.deleteSlice("web-leader-ipv4")
	r.network.mend()
	s.makesAgain("web-leader-ipv4", deleted, first)
}

func TestASliceThatIsNotTanistsIsLeftAlone(t *testing.T) {
	newTanist(t).startElected()
	s := newScene(t)
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
		ObjectMeta: metav1.ObjectMeta{Name: "decoy", Labels: map[string]string{
			"endpointslice.kubernetes.io/managed-by": "tanist.dev", "kubernetes.io/service-name": "web-leader",
			"app.kubernetes.io/managed-by": "tanist", "tanist.dev/source-service": "web",
		}, Annotations: map[string]string{"tanist.dev/term": "1000", "tanist.dev/leader": "b"}},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints: []discoveryv1.Endpoint{{
			Addresses: []string{"10.66.0.1"}, TargetRef: &corev1.ObjectReference{Kind: "Pod", Name: "b", UID: "x"},
			Conditions: discoveryv1.EndpointConditions{Ready: new(bool)}, // not ready: it must not break what all slices must hold
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s.warned("web", "ForeignEndpointSlice", "decoy")
	s.stays("web", first)
	s.terminate("a")
	if l := s.leads("web", "b"); !s.next("web", first, l) {
		t.Errorf("got %+v", l)
	}
	if got := history.slice(s.namespace, "decoy"); got.ResourceVersion != foreign.ResourceVersion {
		t.Error("it was changed")
	}
}

func TestNothingIsWrittenWhenNothingHappens(t *testing.T) {
	r := newTanist(t).startElected()
	s, first := pair(t)
	s.mirrored("web-leader", first)
	slice, service := s.versionsOf("EndpointSlice", "web-leader-ipv4"), s.versionsOf("Service", "web-leader")
	hits := r.counter("tanist_leader_cache_hits_total")
	for i := range 20 {
		s.status("a", fmt.Sprintf(`{"message":"%d"}`, i))
		s.status("b", fmt.Sprintf(`{"message":"%d"}`, i))
	}
	reconciled := r.counter("tanist_leader_cache_hits_total") - hits
	s.terminate("a") // comes after all of them
	s.leads("web", "b")
	if got := s.versionsOf("EndpointSlice", "web-leader-ipv4") - slice; got != 1 {
		t.Errorf("the slice was written %d times, want once for the hand-over", got)
	}
	if got := s.versionsOf("Service", "web-leader"); got != service {
		t.Errorf("the leader Service was written %d times", got-service)
	}
	if reconciled != 0 {
		t.Errorf("%v reconciliations for updates that change nothing", reconciled)
	}
}

func TestHandOversAreDecidedWithoutReadingTheAPI(t *testing.T) {
	r := newTanist(t).startElected()
	s, _ := pair(t)
	before := r.counter("tanist_leader_cache_misses_total")
	for i, next := range []string{"b", "c", "d", "e"} {
		previous := []string{"a", "b", "c", "d"}[i]
		if i > 0 {
			s.withReadyPod("web", next)
		}
		s.terminate(previous)
		s.leads("web", next)
	}
	if got := r.counter("tanist_leader_cache_misses_total"); got != before {
		t.Errorf("%v live reads", got-before)
	}
	r.counts(5, "tanist_handovers_total")
}

func TestManyLeadersAreLostAtOnce(t *testing.T) {
	newTanist(t).startElected()
	s := newScene(t)
	const n = 40
	first := make([]leadership, n)
	for i := range n {
		name := fmt.Sprint("s", i)
		s.withService(name)
		s.withReadyPod(name, name+"-a", func(pod *corev1.Pod) { pod.Labels["victim"] = "yes" })
		first[i] = s.leads(name, name+"-a")
		s.withReadyPod(name, name+"-b")
	}
	if err := clientset.CoreV1().Pods(s.namespace).DeleteCollection(
		t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "victim=yes"}); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		name := fmt.Sprint("s", i)
		if l := s.leads(name, name+"-b"); !s.next(name, first[i], l) {
			t.Errorf("%s: got %+v", name, l)
		}
	}
}
