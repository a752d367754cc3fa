//go:build integration

package integration_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/config"
)

func TestANamespaceIsDeletedWhileDeletionsAreAdmitted(t *testing.T) {
	_, r := admitting(t)
	s := newNamespace(t)
	s.withService("web")
	s.withReadyPod("web", "a", endsSoon)
	s.mirrored("web-leader", s.leads("web", "a"))
	s.withReadyPod("web", "b", endsSoon)
	s.withReadyPod("web", "c", endsSoon)
	newNamespace(t).awaitPodEvents()
	written := s.versionsOf("EndpointSlice", "web-leader-ipv4")
	s.deleteNamespace()
	s.isGone("web-leader")
	// The deletions of the namespace and of the pods may arrive in any order: Tanist may start one hand-over before it knows of the former.
	if got := s.versionsOf("EndpointSlice", "web-leader-ipv4") - written; got > 3 {
		t.Errorf("the slice has %d versions more, want its deletion and hardly another", got)
	}
	if got := r.counter("tanist_admission_failures_total"); got != 0 {
		t.Errorf("%v requests could not be judged", got)
	}
}

func TestALeaderThatAFinalizerKeepsHandsOver(t *testing.T) {
	i, r := admitting(t)
	s := newNamespace(t)
	s.withService("web")
	s.withReadyPod("web", "a", func(pod *corev1.Pod) { pod.Finalizers = []string{"example.com/wait"} })
	s.leads("web", "a")
	s.withReadyPod("web", "b")
	s.awaitPodEvents()
	i.settled(r)
	moved := r.counter("tanist_handovers_total", "path=prepared")
	s.kill("a")
	s.leads("web", "b") // the pod is marked, so it serves no longer than its grace period
	r.counts(moved+1, "tanist_handovers_total", "path=prepared")
	if pod := history.pod(s.namespace, "a"); pod == nil || pod.DeletionTimestamp == nil {
		t.Error("the finalizer did not keep it")
	}
}

func TestADeletionThatIsDeniedMovesNoLeader(t *testing.T) {
	i, r := admitting(t)
	i.put("cache: {preparedTTL: 10m}", r) // no preparation expires before the last deletion
	s, first := pair(t)
	s.awaitPodEvents()
	s.denyDeletions()
	admitted := r.admissions()
	expired := r.counter("tanist_prepared_total", "outcome=expired")
	superseded := r.counter("tanist_prepared_total", "outcome=superseded")
	for n := range 5 {
		if n == 4 {
			i.put("cache: {preparedTTL: 1s}", r)
		}
		err := clientset.CoreV1().Pods(s.namespace).Delete(t.Context(), "a", metav1.DeleteOptions{})
		if want := `admission webhook "deny.example.com" denied the request: not today`; err == nil || err.Error() != want {
			t.Fatalf("got error %v, want %s", err, want)
		}
	}
	admitted(map[string]float64{"prepared": 5})
	r.counts(expired+1, "tanist_prepared_total", "outcome=expired") // the same preparation again supersedes nothing
	if got := r.counter("tanist_prepared_total", "outcome=superseded"); got != superseded {
		t.Errorf("%v preparations were superseded", got-superseded)
	}
	newNamespace(t).awaitPodEvents() // in another namespace: in this one nothing can be deleted
	s.stays("web", first)
}

// TestALeaderThatNoPodCanFollow: the API server warns the client that deletes or evicts it.
func TestALeaderThatNoPodCanFollow(t *testing.T) {
	_, r := admitting(t)
	cases := map[string]func(*testNamespace, *kubernetes.Clientset) error{
		"it is deleted": func(s *testNamespace, c *kubernetes.Clientset) error {
			return c.CoreV1().Pods(s.namespace).Delete(s.t.Context(), "a", metav1.DeleteOptions{})
		},
		"it is evicted": func(s *testNamespace, c *kubernetes.Clientset) error { return s.evict(c, "a") },
	}
	for name, remove := range cases {
		t.Run(name, func(t *testing.T) {
			s := newNamespace(t)
			s.withService("web")
			s.withReadyPod("web", "a")
			s.leads("web", "a")
			s.withPod("web", "b") // not ready
			s.awaitPodEvents()
			c, said := warnedClient(t)
			admitted := r.admissions()
			if err := remove(s, c); err != nil {
				t.Fatal(err)
			}
			admitted(map[string]float64{"nobody_follows": 1})
			const want = "tanist: a leads Service web and no other pod can follow: the Service will have no leader"
			if len(said.texts) != 1 || said.texts[0] != want {
				t.Errorf("got warnings %q, want %q", said.texts, want)
			}
			s.says("web", "a is the last resort", func(l leadership) bool { return l.Leader == "a" && !l.Ready })
		})
	}
}

// TestAMirrorPodIsDeleted: its deletion does not end its containers. The kubelet creates another pod of the same name, which does not take
// the leadership back.
func TestAMirrorPodIsDeleted(t *testing.T) {
	_, r := admitting(t)
	s := newNamespace(t)
	s.withService("web")
	s.exists("web-leader") // without the Service, no pod would be changed
	mirror := s.podOf("web", "a", func(pod *corev1.Pod) {
		pod.Annotations = map[string]string{corev1.MirrorPodAnnotationKey: "hash"}
	})
	create := func() *corev1.Pod {
		t.Helper()
		pod, err := aNode(t).CoreV1().Pods(s.namespace).Create(t.Context(), mirror, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		s.ready("a")
		return pod
	}
	if pod := create(); pod.Annotations[config.DrainWindowAppliedKey] != "" {
		t.Error("a pod that a node creates was changed: the kubelet runs it unchanged")
	}
	first := s.leads("web", "a")
	s.withReadyPod("web", "b")
	s.awaitPodEvents()
	admitted := r.admissions()
	s.terminate("a")
	s.deletePod(aNode(t), "a", graceOf(0))
	s.gone("a")
	admitted(map[string]float64{"prepared": 1})
	create()
	moved := s.leads("web", "b")
	s.awaitPodEvents()
	s.stays("web", moved)
	if !s.next("web", first, moved) {
		t.Errorf("got %+v", moved)
	}
}
