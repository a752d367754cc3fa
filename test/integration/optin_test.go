//go:build integration

package integration_test

import (
	"fmt"
	"runtime"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/cmd/tanist/app"
	"github.com/tanist-dev/tanist/config"
)

// Namespaces opt in and out while replicas run.

// watches waits until a replica watches a number of namespaces one by one, and all of them are synced.
func (r *replica) watches(namespaces int) {
	r.t.Helper()
	r.counts(float64(namespaces), "tanist_watched_namespaces", "state=synced")
	r.counts(float64(namespaces), "tanist_watched_namespaces")
}

func TestHandoversGoOnWhileNamespacesOptInAndOut(t *testing.T) {
	i := newTanist(t)
	i.tune("election: {optOutGrace: 0s}")
	i.startElected().isTuned("election: {optOutGrace: 0s}")
	s, _ := pair(t)
	others := make([]*testNamespace, 10)
	for at := range others {
		others[at] = newNamespace(t, config.EnabledKey+"=false")
		others[at].withService("web")
		others[at].withReadyPod("web", "a")
	}
	leader, next := "a", "b"
	for _, other := range others {
		other.label(`"true"`)
		s.kill(leader)
		s.leads("web", next)
		other.leads("web", "a")
		other.label(`null`)
		s.withReadyPod("web", leader)
		leader, next = next, leader
		other.isGone("web-leader")
		other.label(`"true"`) // before its informers have stopped, and after
		other.leads("web", "a")
	}
}

// TestNothingIsLeftOfNamespacesThatHaveOptedOut lets 200 namespaces opt in and out, not all of them at a time.
func TestNothingIsLeftOfNamespacesThatHaveOptedOut(t *testing.T) {
	const rounds, together = 4, 50
	i := newTanist(t)
	i.tune("election: {optOutGrace: 0s}")
	r := i.startElected()
	r.isTuned("election: {optOutGrace: 0s}")
	before := 0
	for round := range rounds {
		namespaces := make([]*testNamespace, together)
		for at := range namespaces {
			namespaces[at] = newNamespace(t)
			namespaces[at].withService("web")
			namespaces[at].withReadyPod("web", "a")
		}
		for _, s := range namespaces {
			s.leads("web", "a")
		}
		r.watches(together)
		r.counts(together, "tanist_leader_services")
		for at, s := range namespaces {
			if at%2 == 0 {
				s.label(`null`) // Tanist cleans up
			} else {
				s.optOut() // nothing is left to clean up
			}
		}
		r.watches(0)
		r.counts(0, "tanist_leader_services")
		for _, s := range namespaces {
			s.isGone("web-leader")
		}
		if round == 0 {
			before = runtime.NumGoroutine() // with the connections that are kept
		}
	}
	// A connection has a few goroutines. A namespace has dozens.
	history.eventually(t, func() string {
		if now := runtime.NumGoroutine(); now > before+together {
			return fmt.Sprintf("about %d goroutines, got %d", before, now)
		}
		return ""
	})
}

func TestManyNamespacesAreWatchedAsOneCluster(t *testing.T) {
	const limit = 100 // the one of package store
	i := newTanist(t)
	r := i.startElected()
	s, _ := pair(t)
	if got := r.counter("tanist_watches_cluster"); got != 0 {
		t.Fatalf("the replica watches the whole cluster before many namespaces have opted in: %v", got)
	}
	var last *testNamespace
	for range limit {
		last = newNamespace(t)
	}
	s.kill("a")
	s.leads("web", "b")
	r.counts(1, "tanist_watches_cluster")
	s.withReadyPod("web", "a")
	s.kill("b")
	s.leads("web", "a")
	last.withService("web")
	last.withReadyPod("web", "a")
	last.leads("web", "a")
	r.watches(0)

	late := i.start() // which begins with the whole cluster
	late.counts(1, "tanist_watches_cluster")
	late.watches(0)
	r.stop()
	last.withReadyPod("web", "b")
	last.kill("a")
	last.leads("web", "b")

	// A namespace that opts out is cleaned up all the same.
	i.tune("election: {optOutGrace: 0s}")
	late.waitElected()
	late.isTuned("election: {optOutGrace: 0s}")
	last.label(`null`)
	last.isGone("web-leader")
}

// TestWatchedNamespacesCostLittle logs what a namespace costs in memory: run it with -test.v.
func TestWatchedNamespacesCostLittle(t *testing.T) {
	const namespaces = 50
	r := newTanist(t).startBehind(&network{direct: true}, app.Options{})
	r.waitElected()
	measure := func() (heap, stacks uint64, goroutines int) {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc, m.StackInuse, runtime.NumGoroutine()
	}
	all := make([]*testNamespace, namespaces)
	for at := range all {
		all[at] = newNamespace(t, config.EnabledKey+"=false")
		all[at].withPod("web", "a")
		all[at].withPod("web", "b")
	}
	heap, stacks, goroutines := measure()
	for _, s := range all {
		s.label(`"true"`)
	}
	r.watches(namespaces)
	heapAfter, stacksAfter, goroutinesAfter := measure()
	each := func(before, after uint64) float64 { return float64(int64(after)-int64(before)) / namespaces / 1024 }
	t.Logf("each of %d namespaces takes %.0f KiB of heap, %.0f KiB of stacks, and %d goroutines",
		namespaces, each(heap, heapAfter), each(stacks, stacksAfter), (goroutinesAfter-goroutines)/namespaces)
	if took := each(heap, heapAfter) + each(stacks, stacksAfter); took > 1024 {
		t.Errorf("a namespace takes %.0f KiB", took)
	}
}

// TestALeaderServiceKeepsItsNamespaceWatched: a replica that starts during the grace period cleans up when it is over.
func TestALeaderServiceKeepsItsNamespaceWatched(t *testing.T) {
	i := newTanist(t)
	first := i.startElected()
	s, _ := pair(t)
	s.label(`null`)
	s.warned("web", "NamespaceOptedOut", "")
	first.stop()
	second := i.startElected()
	second.watches(1)
	s.kill("a")
	s.leads("web", "b") // it is served until the end
	i.tune("election: {optOutGrace: 0s}")
	second.isTuned("election: {optOutGrace: 0s}")
	s.isGone("web-leader")
	second.watches(0)
}

// TestADeletedNamespaceIsForgotten deletes a namespace with everything in it.
func TestADeletedNamespaceIsForgotten(t *testing.T) {
	r := newTanist(t).startElected()
	s, _ := pair(t)
	r.watches(1)
	if err := clientset.CoreV1().Namespaces().Delete(t.Context(), s.namespace, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, pod := range history.objects("Pod", s.namespace) {
		s.kill(pod.(*corev1.Pod).Name) // as a kubelet does when the pod has ended
	}
	r.watches(0)
	r.counts(0, "tanist_leader_services")
}
