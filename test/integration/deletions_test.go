//go:build integration

package integration_test

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/tanist-dev/tanist/config"
)

// deletePod deletes a pod as a client does.
func (s *scene) deletePod(c *kubernetes.Clientset, name string, options metav1.DeleteOptions) {
	s.t.Helper()
	if err := c.CoreV1().Pods(s.namespace).Delete(s.t.Context(), name, options); err != nil {
		s.t.Fatalf("failed to delete pod: %v", err)
	}
}

// graceOf are the options of a deletion with a grace period.
func graceOf(seconds int64) metav1.DeleteOptions {
	return metav1.DeleteOptions{GracePeriodSeconds: &seconds}
}

// aNode is a client with a kubelet's identity.
func aNode(t *testing.T) *kubernetes.Clientset {
	t.Helper()
	identity := rest.CopyConfig(cluster)
	identity.Impersonate = rest.ImpersonationConfig{
		UserName: "system:node:node-of-a",
		Groups:   []string{"system:nodes", "system:authenticated", "system:masters"}, // the last for the right: Nodes are not authorized here
	}
	c, err := kubernetes.NewForConfig(identity)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// gone waits until a pod is deleted for good.
func (s *scene) gone(name string) {
	s.t.Helper()
	history.eventually(s.t, func() string {
		if history.pod(s.namespace, name) != nil {
			return "that pod " + name + " goes"
		}
		return ""
	})
}

func TestWhichDeletionsAreAdmitted(t *testing.T) {
	i, r := admitting(t)
	plain := metav1.DeleteOptions{}
	cases := map[string]struct {
		do func(*scene)
		// want are the admissions by outcome, leads is who leads in the end, and path how it came to that.
		want        map[string]float64
		leads, path string
	}{
		"a graceful deletion": {
			do:   func(s *scene) { s.deletePod(clientset, "a", plain) },
			want: map[string]float64{"prepared": 1}, leads: "b", path: "prepared",
		},
		"a deletion of a pod that does not lead": {
			do:   func(s *scene) { s.deletePod(clientset, "b", plain) },
			want: map[string]float64{"no_leader": 1}, leads: "a",
		},
		"a deletion that is repeated": {
			do: func(s *scene) {
				s.deletePod(clientset, "a", plain)
				s.deletePod(clientset, "a", plain)
			},
			want: map[string]float64{"prepared": 1}, leads: "b", path: "prepared",
		},
		"a deletion that is repeated with a shorter grace period": {
			do: func(s *scene) {
				s.deletePod(clientset, "a", plain)
				s.deletePod(clientset, "a", graceOf(1))
			},
			want: map[string]float64{"prepared": 1}, leads: "b", path: "prepared",
		},
		"the kubelet's last word": {
			do: func(s *scene) {
				s.deletePod(clientset, "a", plain)
				s.deletePod(aNode(s.t), "a", graceOf(0))
				s.gone("a")
			},
			want: map[string]float64{"prepared": 1}, leads: "b", path: "prepared",
		},
		"a deletion at once, of one that terminates": {
			do: func(s *scene) {
				s.deletePod(clientset, "a", plain)
				s.deletePod(clientset, "a", graceOf(0))
				s.gone("a")
			},
			want: map[string]float64{"prepared": 1}, leads: "b", path: "prepared",
		},
		"a deletion by a node": {
			do:    func(s *scene) { s.deletePod(aNode(s.t), "a", plain) },
			leads: "b", path: "unprepared",
		},
		"a deletion that is only tried": {
			do:   func(s *scene) { s.tryDelete("a") },
			want: map[string]float64{"dry_run": 1}, leads: "a",
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			s, first := pair(t)
			s.withReadyPod("web", "c")
			s.podWitness() // all of them are known to be ready
			i.settled(r)
			const prepared, handovers = "tanist_prepared_total", "tanist_handovers_total"
			used, moved := r.counter(prepared), r.counter(handovers, "path="+test.path)
			admitted := r.admissions()
			test.do(s)
			admitted(test.want)
			last := s.leads("web", test.leads)
			if test.path == "" {
				s.podWitness()
				s.stays("web", first)
				return
			}
			if !s.next("web", first, last) || !strings.HasPrefix(last.Reason, "Leader") {
				t.Errorf("got %+v after %+v", last, first)
			}
			r.counts(moved+1, handovers, "path="+test.path)
			if test.path == "prepared" {
				used++
			}
			r.counts(used, prepared)
		})
	}
}

// TestADeletionAtOnceIsPreparedFromItsFirstCall: one request makes several calls, and none of them may stand in its way.
func TestADeletionAtOnceIsPreparedFromItsFirstCall(t *testing.T) {
	i, r := admitting(t)
	for range 10 {
		s, _ := pair(t)
		s.podWitness()
		i.settled(r)
		moved := r.counter("tanist_handovers_total", "path=prepared")
		s.kill("a")
		s.gone("a")
		s.leads("web", "b")
		r.counts(moved+1, "tanist_handovers_total", "path=prepared")
	}
	if got := r.counter("tanist_departures_admitted_total", "outcome=failed"); got != 0 {
		t.Errorf("%v admissions failed", got)
	}
}

func TestWhereDeletionsAreNotAdmitted(t *testing.T) {
	_, r := admitting(t)
	// Opted in, and left alone all the same: what the cluster and Tanist itself need to run.
	never := func(namespace string) func(t *testing.T) *scene {
		return func(t *testing.T) *scene {
			s := &scene{t: t, namespace: namespace}
			s.label(`"true"`)
			t.Cleanup(s.optOut)
			return s
		}
	}
	cases := map[string]func(t *testing.T) *scene{
		"a namespace that has not opted in": func(t *testing.T) *scene { return newScene(t, config.EnabledKey+"=") },
		"a namespace that has opted out":    func(t *testing.T) *scene { return newScene(t, config.EnabledKey+"=false") },
		"kube-system":                       never("kube-system"),
		"Tanist's own":                      never(release),
	}
	for name, place := range cases {
		t.Run(name, func(t *testing.T) {
			s := place(t)
			name := fmt.Sprint("pod-", addresses.Add(1))
			s.withReadyPod("web", name)
			admitted := r.admissions()
			s.deletePod(clientset, name, metav1.DeleteOptions{})
			s.kill(name)
			admitted(nil)
		})
	}
}

// TestACollectionOfPodsIsDeleted: its calls have no name but the old object's, and who follows is none of those that go too.
func TestACollectionOfPodsIsDeleted(t *testing.T) {
	i, r := admitting(t)
	s := newScene(t)
	s.withService("web")
	victim := func(pod *corev1.Pod) { pod.Labels["victim"] = "yes" }
	// The API server deletes them by name: when it comes to the leader, the others are on their way.
	s.withReadyPod("web", "z-leader", victim)
	first := s.leads("web", "z-leader")
	for _, name := range []string{"a", "b", "c"} {
		s.withReadyPod("web", name, victim)
	}
	s.withReadyPod("web", "d")
	s.podWitness()
	i.settled(r)
	admitted := r.admissions()
	moved := r.counter("tanist_handovers_total", "path=prepared")
	if err := clientset.CoreV1().Pods(s.namespace).DeleteCollection(
		t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "victim=yes"}); err != nil {
		t.Fatal(err)
	}
	admitted(map[string]float64{"prepared": 1, "no_leader": 3})
	if l := s.leads("web", "d"); !s.next("web", first, l) {
		t.Errorf("got %+v after %+v: the leader has moved to one that goes too", l, first)
	}
	r.counts(moved+1, "tanist_handovers_total", "path=prepared")
}

func TestANamespaceIsDeletedWhileDeletionsAreAdmitted(t *testing.T) {
	_, r := admitting(t)
	s := newScene(t)
	s.withService("web")
	s.withReadyPod("web", "a", endsSoon)
	s.mirrored("web-leader", s.leads("web", "a"))
	s.withReadyPod("web", "b", endsSoon)
	s.withReadyPod("web", "c", endsSoon)
	newScene(t).podWitness()
	written := s.versionsOf("EndpointSlice", "web-leader-ipv4")
	s.deleteNamespace()
	s.isGone("web-leader")
	// The deletion of the namespace and of the pods may arrive in any order: one hand-over may be begun before the former is known.
	if got := s.versionsOf("EndpointSlice", "web-leader-ipv4") - written; got > 3 {
		t.Errorf("the slice has %d versions more, want its end and hardly another", got)
	}
	if got := r.counter("tanist_admission_failures_total"); got != 0 {
		t.Errorf("%v requests could not be judged", got)
	}
}

func TestALeaderThatAFinalizerKeepsHandsOver(t *testing.T) {
	i, r := admitting(t)
	s := newScene(t)
	s.withService("web")
	s.withReadyPod("web", "a", func(pod *corev1.Pod) { pod.Finalizers = []string{"example.com/wait"} })
	s.leads("web", "a")
	s.withReadyPod("web", "b")
	s.podWitness()
	i.settled(r)
	moved := r.counter("tanist_handovers_total", "path=prepared")
	s.kill("a")
	s.leads("web", "b") // it is marked, so it serves no longer than its grace period
	r.counts(moved+1, "tanist_handovers_total", "path=prepared")
	if pod := history.pod(s.namespace, "a"); pod == nil || pod.DeletionTimestamp == nil {
		t.Error("the finalizer did not keep it")
	}
}

func TestADeletionThatIsDeniedMovesNobody(t *testing.T) {
	i, r := admitting(t)
	i.put("cache: {preparedTTL: 10m}", r) // none expires before the last deletion is tried
	s, first := pair(t)
	s.podWitness()
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
	r.counts(expired+1, "tanist_prepared_total", "outcome=expired") // the same again is no other
	if got := r.counter("tanist_prepared_total", "outcome=superseded"); got != superseded {
		t.Errorf("%v preparations were superseded", got-superseded)
	}
	newScene(t).podWitness() // here nothing can be deleted
	s.stays("web", first)
}

// TestALeaderThatNobodyCanFollow: whoever deletes it is told.
func TestALeaderThatNobodyCanFollow(t *testing.T) {
	_, r := admitting(t)
	cases := map[string]func(*scene, *kubernetes.Clientset) error{
		"is deleted": func(s *scene, c *kubernetes.Clientset) error {
			return c.CoreV1().Pods(s.namespace).Delete(s.t.Context(), "a", metav1.DeleteOptions{})
		},
		"is evicted": func(s *scene, c *kubernetes.Clientset) error { return s.evict(c, "a") },
	}
	for name, remove := range cases {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.withService("web")
			s.withReadyPod("web", "a")
			s.leads("web", "a")
			s.withPod("web", "b") // not ready
			s.podWitness()
			said := &warnings{}
			identity := rest.CopyConfig(cluster)
			identity.WarningHandler = said
			c, err := kubernetes.NewForConfig(identity)
			if err != nil {
				t.Fatal(err)
			}
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

// warnings are those that an API server sends to a client.
type warnings struct{ texts []string }

// HandleWarningHeader implements rest.WarningHandler.
func (w *warnings) HandleWarningHeader(_ int, _ string, text string) { w.texts = append(w.texts, text) }

// TestAMirrorPodIsDeleted: that does not end what runs. The kubelet makes it again under its name, as another pod, which does not
// take the leadership back.
func TestAMirrorPodIsDeleted(t *testing.T) {
	_, r := admitting(t)
	s := newScene(t)
	s.withService("web")
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
		t.Error("a pod that a node makes was changed: the kubelet runs another than this")
	}
	first := s.leads("web", "a")
	s.withReadyPod("web", "b")
	s.podWitness()
	admitted := r.admissions()
	s.terminate("a")
	s.deletePod(aNode(t), "a", graceOf(0))
	s.gone("a")
	admitted(map[string]float64{"prepared": 1})
	create()
	moved := s.leads("web", "b")
	s.podWitness()
	s.stays("web", moved)
	if !s.next("web", first, moved) {
		t.Errorf("got %+v", moved)
	}
}
