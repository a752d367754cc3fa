//go:build integration

package integration_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	policyv1beta1 "k8s.io/api/policy/v1beta1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/config"
)

// evict evicts a pod, as a drain does.
func (s *testNamespace) evict(c *kubernetes.Clientset, name string, options ...metav1.DeleteOptions) error {
	eviction := &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: s.namespace}}
	for _, options := range options {
		eviction.DeleteOptions = &options
	}
	return c.PolicyV1().Evictions(s.namespace).Evict(s.t.Context(), eviction)
}

func TestWhichEvictionsAreAdmitted(t *testing.T) {
	i, r := admitting(t)
	earlier := types.UID("11111111-2222-3333-4444-555555555555")
	cases := map[string]struct {
		do   func(*testNamespace) error
		want map[string]float64
		// fails accepts the error with which the API server refuses it.
		fails func(error) bool
		moves bool
	}{
		"an eviction": {
			do:   func(s *testNamespace) error { return s.evict(clientset, "a") },
			want: map[string]float64{"prepared": 1}, moves: true,
		},
		"an eviction of the API's earlier version": {
			do: func(s *testNamespace) error {
				return clientset.PolicyV1beta1().Evictions(s.namespace).Evict(t.Context(), &policyv1beta1.Eviction{
					ObjectMeta: metav1.ObjectMeta{Name: "a", Namespace: s.namespace},
				})
			},
			want: map[string]float64{"prepared": 1}, moves: true,
		},
		"an eviction of the pod with this UID": {
			do: func(s *testNamespace) error {
				uid := history.pod(s.namespace, "a").UID
				return s.evict(clientset, "a", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}})
			},
			want: map[string]float64{"prepared": 1}, moves: true,
		},
		"an eviction of an earlier pod with the same name": {
			do: func(s *testNamespace) error {
				return s.evict(clientset, "a", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &earlier}})
			},
			want: map[string]float64{"no_leader": 1}, fails: apierrors.IsConflict,
		},
		"an eviction of a pod that does not lead": {
			do:   func(s *testNamespace) error { return s.evict(clientset, "b") },
			want: map[string]float64{"no_leader": 1},
		},
		"an eviction of a pod that does not exist": {
			do:   func(s *testNamespace) error { return s.evict(clientset, "nobody") },
			want: map[string]float64{"no_leader": 1}, fails: apierrors.IsNotFound,
		},
		"a dry run that the Eviction asks for": {
			do: func(s *testNamespace) error {
				return s.evict(clientset, "a", metav1.DeleteOptions{DryRun: []string{metav1.DryRunAll}})
			},
			want: map[string]float64{"dry_run": 1},
		},
		"a dry run that the request asks for": {
			do: func(s *testNamespace) error {
				return clientset.PolicyV1().RESTClient().Post().AbsPath("/api/v1").Namespace(s.namespace).Resource("pods").Name("a").
					SubResource("eviction").Param("dryRun", metav1.DryRunAll).
					Body(&policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: "a", Namespace: s.namespace}}).Do(t.Context()).Error()
			},
			want: map[string]float64{"dry_run": 1},
		},
		"an eviction in a namespace that has not opted in": {
			do: func(s *testNamespace) error {
				elsewhere := newNamespace(s.t, config.EnabledKey+"=")
				elsewhere.withReadyPod("web", "a")
				return elsewhere.evict(clientset, "a")
			},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			s, first := pair(t)
			s.withReadyPod("web", "c")
			s.awaitPodEvents()
			i.settled(r)
			moved := r.counter("tanist_handovers_total", "path=prepared")
			used := r.counter("tanist_prepared_total", "outcome=used")
			admitted := r.admissions()
			err := test.do(s)
			if test.fails == nil && err != nil || test.fails != nil && !test.fails(err) {
				t.Fatalf("got error %v", err)
			}
			admitted(test.want)
			if !test.moves {
				s.awaitPodEvents()
				s.stays("web", first)
				return
			}
			if l := s.leads("web", "b"); !s.next("web", first, l) || !strings.HasPrefix(l.Reason, "Leader") {
				t.Errorf("got %+v after %+v", l, first)
			}
			r.counts(moved+1, "tanist_handovers_total", "path=prepared")
			r.counts(used+1, "tanist_prepared_total", "outcome=used")
			s.announcedFirst("a")
		})
	}
}

// announcedFirst checks that a pod had the condition DisruptionTarget before its deletion began.
func (s *testNamespace) announcedFirst(name string) {
	s.t.Helper()
	for _, v := range history.all("Pod", s.namespace) {
		pod := v.object.(*corev1.Pod)
		if pod.Name != name {
			continue
		}
		for _, condition := range pod.Status.Conditions {
			if condition.Type == corev1.DisruptionTarget && pod.DeletionTimestamp == nil {
				return
			}
		}
	}
	s.t.Errorf("pod %s did not have the condition DisruptionTarget before its deletion", name)
}

// withBudget creates a PodDisruptionBudget for an app, with the status that its controller would write.
func (s *testNamespace) withBudget(app string, allowed int32) *policyv1.PodDisruptionBudget {
	s.t.Helper()
	none := intstr.FromInt32(0)
	api := clientset.PolicyV1().PodDisruptionBudgets(s.namespace)
	budget, err := api.Create(s.t.Context(), &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Name: app},
		Spec: policyv1.PodDisruptionBudgetSpec{
			MaxUnavailable: &none, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": app}},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	return s.allows(budget, allowed)
}

func (s *testNamespace) allows(budget *policyv1.PodDisruptionBudget, allowed int32) *policyv1.PodDisruptionBudget {
	s.t.Helper()
	budget.Status.ObservedGeneration, budget.Status.DisruptionsAllowed = budget.Generation, allowed
	budget, err := clientset.PolicyV1().PodDisruptionBudgets(s.namespace).UpdateStatus(s.t.Context(), budget, metav1.UpdateOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	return budget
}

func TestABudgetThatRefusesEvictionsKeepsTheLeader(t *testing.T) {
	i, r := admitting(t)
	i.put("cache: {preparedTTL: 10m}", r) // no preparation expires between two evictions
	s, first := pair(t)
	budget := s.withBudget("web", 0)
	s.awaitPodEvents()
	i.settled(r)
	admitted, ended := r.admissions(), r.counter("tanist_prepared_total")
	const n = 20
	for range n {
		if err := s.evict(clientset, "a"); !apierrors.IsTooManyRequests(err) {
			t.Fatalf("got error %v, want one of too many requests", err)
		}
	}
	admitted(map[string]float64{"prepared": n})
	s.awaitPodEvents()
	s.stays("web", first)
	if got := r.counter("tanist_prepared_total", "outcome=superseded"); got != 0 {
		t.Errorf("%v preparations were superseded: each eviction is the same again", got)
	}
	if got := r.counter("tanist_prepared_total") - ended; got > 1 { // that of awaitPodEvents
		t.Errorf("%v preparations have ended", got)
	}
	i.settled(r)

	moved := r.counter("tanist_handovers_total", "path=prepared")
	s.allows(budget, 1)
	if err := s.evict(clientset, "a"); err != nil {
		t.Fatal(err)
	}
	if l := s.leads("web", "b"); !s.next("web", first, l) {
		t.Errorf("got %+v", l)
	}
	r.counts(moved+1, "tanist_handovers_total", "path=prepared")
}

// TestAPodWhoseEvictionWaitsIsNotMadeLeader: a drain that a budget delays evicts it next.
func TestAPodWhoseEvictionWaitsIsNotMadeLeader(t *testing.T) {
	admitting(t)
	s, first := pair(t)
	s.withReadyPod("web", "c")
	s.withBudget("web", 0)
	s.awaitPodEvents()
	if err := s.evict(clientset, "b"); !apierrors.IsTooManyRequests(err) {
		t.Fatalf("got error %v", err)
	}
	s.terminate("a")
	if l := s.leads("web", "c"); !s.next("web", first, l) {
		t.Errorf("got %+v", l)
	}
}
