//go:build integration

package integration_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/cmd/tanist/app"
	"github.com/tanist-dev/tanist/config"
)

const afterHandovers = "tanist_after_handover_total"

// replaceable is a workload that would replace pods which are evicted.
func (s *testNamespace) replaceable() *appsv1.ReplicaSet {
	s.t.Helper()
	return s.withReplicaSet("set", 1)
}

// evicting makes a Service that asks for evictions, which pod a leads. Pod b could follow.
func evicting(t *testing.T, s *testNamespace) (first leadership) {
	t.Helper()
	set := s.replaceable()
	s.withService("web", annotation(config.AfterHandoverKey, "evict"))
	s.withReadyPod("web", "a", ofReplicaSet(set))
	first = s.leads("web", "a")
	s.withReadyPod("web", "b", ofReplicaSet(set))
	return first
}

// movesTo moves the leader to a pod, as a user does.
func (s *testNamespace) movesTo(pod string) leadership {
	s.t.Helper()
	s.annotate("web", config.PreferredLeaderKey, pod)
	return s.leads("web", pod)
}

// isEvicted waits until a pod is being deleted, and checks that it was an eviction.
func (s *testNamespace) isEvicted(name string) {
	s.t.Helper()
	history.eventually(s.t, func() string {
		if pod := history.pod(s.namespace, name); pod != nil && pod.DeletionTimestamp == nil {
			return "that pod " + name + " is evicted"
		}
		return ""
	})
	s.announcedFirst(name)
}

// isLeftAlone checks that a pod is not being deleted.
func (s *testNamespace) isLeftAlone(name string) {
	s.t.Helper()
	if pod := history.pod(s.namespace, name); pod == nil || pod.DeletionTimestamp != nil {
		s.t.Errorf("pod %s is being deleted", name)
	}
}

// evictsAfterHandover has an old leader evicted.
func (s *testNamespace) evictsAfterHandover() {
	s.t.Helper()
	set := s.replaceable()
	s.withService("after", annotation(config.AfterHandoverKey, "evict"))
	s.withReadyPod("after", "old", ofReplicaSet(set))
	s.leads("after", "old")
	s.withReadyPod("after", "new", ofReplicaSet(set))
	s.annotate("after", config.PreferredLeaderKey, "new")
	s.isEvicted("old")
}

// evictions counts the evictions that a replica asks for.
func (r *replica) evictions() *atomic.Int32 {
	var count atomic.Int32
	tap := func(request *http.Request) bool {
		if strings.HasSuffix(request.URL.Path, "/eviction") {
			count.Add(1)
		}
		return false
	}
	r.network.tap.Store(&tap)
	return &count
}

// TestTheOldLeaderIsEvicted a second after the hand-over. Admission is asked about that eviction, too, and prepares nothing: the pod no longer
// leads.
func TestTheOldLeaderIsEvicted(t *testing.T) {
	i, r := admitting(t)
	s := newNamespace(t)
	first := evicting(t, s)
	s.awaitPodEvents()
	i.settled(r)
	admitted := r.admissions()
	second := s.movesTo("b")
	if !s.next("web", first, second) || second.Reason != "Preferred" {
		t.Errorf("got %+v after %+v", second, first)
	}
	s.isEvicted("a")
	s.reported("web", "OldLeaderEvicted", "pod a led before b")
	r.counts(1, afterHandovers, "action=evict", "outcome=done")
	admitted(map[string]float64{"no_leader": 1})
	s.stays("web", second)
	since, err := time.Parse(time.RFC3339, history.slice(s.namespace, "web-leader-ipv4").Annotations[config.LeaderSinceKey])
	if err != nil {
		t.Fatal(err)
	}
	// The API server's times of deletions are the ends of the grace periods, in seconds.
	pod := history.pod(s.namespace, "a")
	if pod == nil {
		t.Fatal("the pod is gone although it has a grace period")
	}
	began := pod.DeletionTimestamp.Add(-time.Duration(*pod.DeletionGracePeriodSeconds) * time.Second)
	if after := began.Sub(since); after < -time.Second || after > waitTimeout {
		t.Errorf("it was evicted %s after the hand-over", after)
	}
}

// TestOnlyPlannedHandoversEvict: after a loss there is nobody to evict, and a Service that asks for nothing has its slice as ever.
func TestOnlyPlannedHandoversEvict(t *testing.T) {
	r := newTanist(t).startElected()
	asked := r.evictions()
	s := newNamespace(t)
	evicting(t, s)
	s.notReady("a")
	s.leads("web", "b")
	s.readyAgain("a")
	s.terminate("b")
	third := s.leads("web", "a")

	other, _ := pair(t)
	other.movesTo("b")
	if slice := history.slice(other.namespace, "web-leader-ipv4"); slice.Annotations[config.OldLeaderKey] != "" {
		t.Errorf("the old leader is recorded although nobody asks for it: %v", slice.Annotations)
	}
	other.annotate("web", config.AfterHandoverKey, "evict") // it counts from the next hand-over on
	last := newNamespace(t)
	evicting(t, last)
	last.movesTo("b")
	last.isEvicted("a") // longer after the losses than it would have taken
	s.stays("web", third)
	s.isLeftAlone("a")
	other.isLeftAlone("a")
	if n := asked.Load(); n != 1 {
		t.Errorf("%d evictions, want one", n)
	}
}

// TestAPodThatNoLongerHoldsTheLeaseIsEvicted: so that clients which keep their connection follow an election of the application, too.
func TestAPodThatNoLongerHoldsTheLeaseIsEvicted(t *testing.T) {
	newTanist(t).startElected()
	s := newNamespace(t)
	set := s.replaceable()
	s.withService("web", annotation(config.FollowLeaseKey, "elected"), annotation(config.AfterHandoverKey, "evict"))
	s.withReadyPod("web", "a", ofReplicaSet(set))
	s.withReadyPod("web", "b", ofReplicaSet(set))
	s.holds("elected", "a_1")
	first := s.leads("web", "a")
	s.holds("elected", "b_1")
	second := s.leads("web", "b")
	if !s.next("web", first, second) || second.Reason != "LeaseHolder" {
		t.Errorf("got %+v after %+v", second, first)
	}
	s.isEvicted("a")
	s.reported("web", "OldLeaderEvicted", "pod a led before b")
	s.stays("web", second)
}

func TestABudgetDelaysTheEviction(t *testing.T) {
	r := newTanist(t).startElected()
	asked := r.evictions()
	s := newNamespace(t)
	evicting(t, s)
	budget := s.withBudget("web", 0)
	second := s.movesTo("b")
	history.eventually(t, func() string {
		if n := asked.Load(); n < 2 {
			return fmt.Sprintf("two evictions that the budget refuses, got %d", n)
		}
		return ""
	})
	s.isLeftAlone("a")
	// This is how Tanist knows that it was a budget.
	if err := clientset.PolicyV1().Evictions(s.namespace).Evict(t.Context(), &policyv1.Eviction{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "a"}, DeleteOptions: &metav1.DeleteOptions{DryRun: []string{metav1.DryRunAll}},
	}); !apierrors.HasStatusCause(err, policyv1.DisruptionBudgetCause) {
		t.Errorf("got %v", err)
	}
	s.allows(budget, 1)
	s.isEvicted("a")
	s.reported("web", "OldLeaderEvicted", "pod a led before b")
	s.stays("web", second)
}

// TestWithoutTheRightAnEventTells: the chart does not give it by default.
func TestWithoutTheRightAnEventTells(t *testing.T) {
	s := newNamespace(t)
	r := newTanistFor(t, s.namespace).startWith(app.Options{WatchNamespaces: []string{s.namespace}})
	r.waitElected()
	evicting(t, s)
	s.movesTo("b")
	s.warned("web", "AfterHandoverFailed", "the chart's value afterHandover.evictions gives the right")
	r.counts(1, afterHandovers, "action=evict", "outcome=failed")
	s.isLeftAlone("a")
}

// TestALeaderThatMovesBackIsNotEvicted: before the eviction has succeeded, the leader is the old leader again.
func TestALeaderThatMovesBackIsNotEvicted(t *testing.T) {
	r := newTanist(t).startElected()
	var movedBack atomic.Bool
	tap := func(request *http.Request) (refused bool) {
		return strings.HasSuffix(request.URL.Path, "/eviction") && !movedBack.Load()
	}
	r.network.tap.Store(&tap)
	s := newNamespace(t)
	first := evicting(t, s)
	second := s.movesTo("b")
	third := s.movesTo("a")
	movedBack.Store(true)
	if third.Term <= second.Term || second.Term <= first.Term {
		t.Errorf("got %+v, %+v, %+v", first, second, third)
	}
	s.isEvicted("b")
	s.isLeftAlone("a")
	s.stays("web", third)
}

// TestTheEvictionOutlastsARestart: the replica that moved the leader ends within the second, and the next one evicts the old leader.
func TestTheEvictionOutlastsARestart(t *testing.T) {
	i := newTanist(t)
	r := i.startElected()
	tap := func(request *http.Request) (refused bool) { return strings.HasSuffix(request.URL.Path, "/eviction") }
	r.network.tap.Store(&tap) // however slow the machine is
	s := newNamespace(t)
	evicting(t, s)
	second := s.movesTo("b")
	r.stop()
	again := i.startElected()
	s.isEvicted("a")
	s.reported("web", "OldLeaderEvicted", "pod a led before b")
	again.counts(1, afterHandovers, "action=evict", "outcome=done")
	s.stays("web", second)
}

// TestWhichEvictionsThePolicyRefuses: each is what a stolen account could do with the right alone.
func TestWhichEvictionsThePolicyRefuses(t *testing.T) {
	c := newThief(t)
	s, other := newNamespace(t), newNamespace(t, config.EnabledKey+"=false")
	for _, s := range []*testNamespace{s, other} {
		s.withReadyPod("web", "a")
	}
	try := func(s *testNamespace, change func(*metav1.DeleteOptions)) error {
		options := &metav1.DeleteOptions{DryRun: []string{metav1.DryRunAll}}
		change(options)
		return c.PolicyV1().Evictions(s.namespace).Evict(t.Context(), &policyv1.Eviction{
			ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "a"}, DeleteOptions: options,
		})
	}
	asTanist := func(options *metav1.DeleteOptions) {
		uid := history.pod(s.namespace, "a").UID
		options.Preconditions = &metav1.Preconditions{UID: &uid}
	}
	history.eventually(t, func() string {
		if err := try(other, func(*metav1.DeleteOptions) {}); !denied(err) {
			return fmt.Sprintf("that an eviction is refused in a namespace that has not opted in, got %v", err)
		}
		return ""
	})
	if err := try(s, func(options *metav1.DeleteOptions) { options.GracePeriodSeconds = new(int64) }); !denied(err) {
		t.Errorf("the policy does not refuse an eviction without a grace period: %v", err)
	}
	if err := try(s, asTanist); err != nil {
		t.Errorf("the policy refuses what Tanist does: %v", err)
	}
}
