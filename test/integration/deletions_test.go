//go:build integration

package integration_test

import (
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/config"
)

// deletePod deletes a pod.
func (s *testNamespace) deletePod(c *kubernetes.Clientset, name string, options metav1.DeleteOptions) {
	s.t.Helper()
	s.awaitPodCached(name)
	if err := c.CoreV1().Pods(s.namespace).Delete(s.t.Context(), name, options); err != nil {
		s.t.Fatalf("failed to delete pod: %v", err)
	}
}

// graceOf returns the options of a deletion with a grace period.
func graceOf(seconds int64) metav1.DeleteOptions {
	return metav1.DeleteOptions{GracePeriodSeconds: &seconds}
}

// gone waits until a pod is gone.
func (s *testNamespace) gone(name string) {
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
		do func(*testNamespace)
		// want are the admissions by outcome, leads is the leader in the end, and path is how it was handed over.
		want        map[string]float64
		leads, path string
	}{
		"a graceful deletion": {
			do:   func(s *testNamespace) { s.deletePod(clientset, "a", plain) },
			want: map[string]float64{"prepared": 1}, leads: "b", path: "prepared",
		},
		"a deletion of a pod that does not lead": {
			do:   func(s *testNamespace) { s.deletePod(clientset, "b", plain) },
			want: map[string]float64{"no_leader": 1}, leads: "a",
		},
		"a deletion that is repeated": {
			do: func(s *testNamespace) {
				s.deletePod(clientset, "a", plain)
				s.deletePod(clientset, "a", plain)
			},
			want: map[string]float64{"prepared": 1}, leads: "b", path: "prepared",
		},
		"a deletion that is repeated with a shorter grace period": {
			do: func(s *testNamespace) {
				s.deletePod(clientset, "a", plain)
				s.deletePod(clientset, "a", graceOf(1))
			},
			want: map[string]float64{"prepared": 1}, leads: "b", path: "prepared",
		},
		"a deletion that the kubelet finishes": {
			do: func(s *testNamespace) {
				s.deletePod(clientset, "a", plain)
				s.deletePod(aNode(s.t), "a", graceOf(0))
				s.gone("a")
			},
			want: map[string]float64{"prepared": 1}, leads: "b", path: "prepared",
		},
		"a deletion at once, of a pod that terminates": {
			do: func(s *testNamespace) {
				s.deletePod(clientset, "a", plain)
				s.deletePod(clientset, "a", graceOf(0))
				s.gone("a")
			},
			want: map[string]float64{"prepared": 1}, leads: "b", path: "prepared",
		},
		"a deletion by a node": {
			do:    func(s *testNamespace) { s.deletePod(aNode(s.t), "a", plain) },
			leads: "b", path: "unprepared",
		},
		"a deletion that is a dry run": {
			do:   func(s *testNamespace) { s.tryDelete("a") },
			want: map[string]float64{"dry_run": 1}, leads: "a",
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			s, first := pair(t)
			s.withReadyPod("web", "c")
			s.awaitPodEvents() // Tanist knows that all of them are ready
			i.settled(r)
			const prepared, handovers = "tanist_prepared_total", "tanist_handovers_total"
			used, moved := r.counter(prepared), r.counter(handovers, "path="+test.path)
			admitted := r.admissions()
			test.do(s)
			admitted(test.want)
			last := s.leads("web", test.leads)
			if test.path == "" {
				s.awaitPodEvents()
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

// TestADeletionAtOnceIsPreparedFromItsFirstCall: such a request makes several calls of the webhook, and each of them must allow it.
func TestADeletionAtOnceIsPreparedFromItsFirstCall(t *testing.T) {
	i, r := admitting(t)
	for range 10 {
		s, _ := pair(t)
		s.awaitPodEvents()
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
	// What the cluster and Tanist itself need is never admitted, even if the namespace has opted in.
	never := func(namespace string) func(t *testing.T) *testNamespace {
		return func(t *testing.T) *testNamespace {
			s := &testNamespace{t: t, namespace: namespace}
			s.label(`"true"`)
			t.Cleanup(s.optOut)
			return s
		}
	}
	cases := map[string]func(t *testing.T) *testNamespace{
		"a namespace that has not opted in": func(t *testing.T) *testNamespace { return newNamespace(t, config.EnabledKey+"=") },
		"a namespace that has opted out":    func(t *testing.T) *testNamespace { return newNamespace(t, config.EnabledKey+"=false") },
		"kube-system":                       never("kube-system"),
		"Tanist's own namespace":            never(release),
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

// TestACollectionOfPodsIsDeleted: the calls name the pod in the old object alone. The next leader is none of the pods that are deleted.
func TestACollectionOfPodsIsDeleted(t *testing.T) {
	i, r := admitting(t)
	s := newNamespace(t)
	s.withService("web")
	// The API server deletes them in the order of their names: the leader comes last.
	s.withReadyPod("web", "z-leader", deletedTogether)
	first := s.leads("web", "z-leader")
	for _, name := range []string{"a", "b", "c"} {
		s.withReadyPod("web", name, deletedTogether)
	}
	s.withReadyPod("web", "d")
	s.awaitPodEvents()
	i.settled(r)
	admitted := r.admissions()
	moved := r.counter("tanist_handovers_total", "path=prepared")
	s.deleteTogether()
	admitted(map[string]float64{"prepared": 1, "no_leader": 3})
	if l := s.leads("web", "d"); !s.next("web", first, l) {
		t.Errorf("got %+v after %+v: the leader has moved to a pod that is deleted too", l, first)
	}
	r.counts(moved+1, "tanist_handovers_total", "path=prepared")
}
