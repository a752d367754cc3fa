//go:build integration

package integration_test

import (
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// podAt names pods in the order in which they follow, also those that are created in the same second.
func podAt(n int) string { return fmt.Sprintf("pod-%02d", n) }

// TestTheReplicaThatIsCalledGoesFirst: the API server calls one replica for hours, which need not be the holder of the Lease. After their
// first conflict, the holder leaves admitted departures to the replica that has prepared them.
func TestTheReplicaThatIsCalledGoesFirst(t *testing.T) {
	const n = 8 // fewer than a Service may have at once: a commit that has to wait goes to whoever is first then
	i := newInstalled(t)
	holder := i.serve()
	holder.waitElected()
	s := newNamespace(t)
	s.withService("web")
	s.withReadyPod("web", podAt(0))
	s.leads("web", podAt(0))
	for k := range n + 1 {
		s.withReadyPod("web", podAt(k+1))
	}
	// The replica that is called knows all of that from its start.
	called := i.serve()
	i.put("commit: {backupDelay: 10s}", holder, called) // however slow the machine is
	i.call(called)
	called.counts(holder.counter("tanist_leader_services"), "tanist_leader_services")

	// The first conflict: the holder learns of the deletion after the other replica has committed, and before it learns of the commit.
	const conflicts, prepared = "tanist_commit_conflicts_total", "path=prepared"
	met := holder.counter(conflicts)
	holder.network.slices.Lock()
	holder.network.pods.Lock()
	s.terminate(podAt(0))
	leader := s.leads("web", podAt(1))
	holder.network.pods.Unlock()
	holder.counts(met+1, conflicts)
	holder.network.slices.Unlock()

	i.settled(holder, called)
	met, before := holder.counter(conflicts)+called.counter(conflicts), called.counter("tanist_handovers_total", prepared)
	for k := 1; k <= n; k++ {
		s.terminate(podAt(k))
		previous := leader
		if leader = s.leads("web", podAt(k+1)); !s.next("web", previous, leader) {
			t.Errorf("got %+v after %+v", leader, previous)
		}
		called.counts(before+float64(k), "tanist_handovers_total", prepared) // so it knows that its own commit has been taken
	}
	if got := holder.counter(conflicts) + called.counter(conflicts) - met; got != 0 {
		t.Errorf("%v commits were refused", got)
	}
	if called.holdsLease() {
		t.Error("the Lease went to the replica that is called")
	}
}

func TestACommitOnAdmission(t *testing.T) {
	i, r := admitting(t)
	i.put("commit: {onAdmission: true}", r)
	t.Run("of a deletion that is denied moves the leader all the same", func(t *testing.T) {
		s, first := pair(t)
		s.awaitPodEvents()
		s.denyDeletions()
		i.settled(r)
		moved := r.counter("tanist_handovers_total", "path=prepared")
		if err := clientset.CoreV1().Pods(s.namespace).Delete(t.Context(), "a", metav1.DeleteOptions{}); err == nil {
			t.Fatal("the deletion was not denied")
		}
		if l := s.leads("web", "b"); !s.next("web", first, l) || l.Reason != "LeaderDeleted" {
			t.Errorf("got %+v", l)
		}
		r.counts(moved+1, "tanist_handovers_total", "path=prepared")
		if pod := history.pod(s.namespace, "a"); pod.DeletionTimestamp != nil {
			t.Error("it is being deleted")
		}
	})
	t.Run("moves the leader once", func(t *testing.T) {
		s := newNamespace(t)
		s.withService("web")
		const n = 20
		s.withReadyPod("web", podAt(0))
		leader := s.leads("web", podAt(0))
		for k := range n {
			s.withReadyPod("web", podAt(k+1))
		}
		s.awaitPodEvents()
		i.settled(r)
		moved, earlier := r.counter("tanist_handovers_total", "path=prepared"), 0
		for k := range n {
			leaving := podAt(k)
			s.terminate(leaving)
			previous := leader
			if leader = s.leads("web", podAt(k+1)); !s.next("web", previous, leader) {
				t.Errorf("got %+v after %+v", leader, previous)
			}
			r.counts(moved+float64(k+1), "tanist_handovers_total", "path=prepared")
			history.eventually(t, func() string {
				if history.pod(s.namespace, leaving).DeletionTimestamp == nil {
					return "that the pod is marked"
				}
				return ""
			})
			if revisionOf(t, history.slice(s.namespace, "web-leader-ipv4")) < revisionOf(t, history.pod(s.namespace, leaving)) {
				earlier++
			}
		}
		t.Logf("%d of %d slices changed before the pod was marked", earlier, n)
	})
	t.Run("is not for evictions", func(t *testing.T) {
		s, first := pair(t)
		s.withBudget("web", 0)
		s.awaitPodEvents()
		if err := s.evict(clientset, "a"); err == nil {
			t.Fatal("the eviction was not refused")
		}
		s.awaitPodEvents()
		s.stays("web", first)
	})
}
