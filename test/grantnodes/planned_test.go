//go:build e2e

package grantnodes

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/test/env"
)

// TestPlannedHandoversOnNodes moves the leader again and again while all else is well, and tells for how long nobody had a grant.
//
// GRANTS_HANDOVERS is how often it moves for each reason (10).
func TestPlannedHandoversOnNodes(t *testing.T) {
	times := env.Number(t, "GRANTS_HANDOVERS", 10)
	run := func(name string, create controller, faults func(*workload) []fault) {
		t.Run(name, func(t *testing.T) {
			w := granted(t, create)
			bare := w.measureFloor(t)
			for _, chosen := range faults(w) {
				var all []time.Duration
				for range times {
					all = append(all, w.handOver(t, chosen))
				}
				t.Logf("%s: nobody had a grant for %s", chosen.name, summary(all))
				t.Logf("%s: a live read of the slice took %s", chosen.name, summary(bare.take()))
			}
			w.check(t)
		})
	}
	run("a Deployment", deployment, (*workload).planned)
	// No pod starts meanwhile, and the one that follows has just started.
	run("a StatefulSet", statefulSet, func(w *workload) []fault { return []fault{w.deletion()} })
}

// TestUnannouncedLossesOnNodes does the same with leaders that cannot step down. Each has a Service of its own, because Tanist holds back a second
// move by its own verdict.
func TestUnannouncedLossesOnNodes(t *testing.T) {
	times := env.Number(t, "GRANTS_HANDOVERS", 10)
	for i, way := range new(workload).unannounced() {
		var all []time.Duration
		for range times {
			t.Run(way.name, func(t *testing.T) {
				w := granted(t, deployment)
				all = append(all, w.handOver(t, w.unannounced()[i]))
				w.check(t)
			})
		}
		t.Logf("%s: nobody had a grant for %s", way.name, summary(all))
	}
}

// check reports what the records say against the promise.
func (w *workload) check(t *testing.T) {
	t.Helper()
	for _, problem := range Problems(w.records(t)) {
		t.Error(problem)
	}
}

// handOver moves the leader once, and returns for how long nobody had a grant.
func (w *workload) handOver(t *testing.T, chosen fault) time.Duration {
	t.Helper()
	w.awaitPods(t)
	before := w.records(t)
	term := slices.MaxFunc(before, func(a, b Record) int { return cmp.Compare(a.Term, b.Term) }).Term
	end, err := chosen.begin(t.Context(), 0)
	if err != nil {
		t.Fatalf("failed to begin %s: %v", chosen.name, err)
	}
	restore := env.Restoring(t, chosen.name, end)
	env.Await(t, "another pod has a grant", func(context.Context) error {
		if !slices.ContainsFunc(w.records(t)[len(before):], func(r Record) bool { return r.Term > term }) {
			return fmt.Errorf("no pod has had a grant for a later term than %d", term)
		}
		return nil
	})
	restore()
	handovers := Handovers(w.records(t))
	if moves := len(handovers) - Moves(before); moves != 1 {
		t.Fatalf("the leader has moved %d times, want once", moves)
	}
	return handovers[len(handovers)-1]
}

// summary has the median, the 99th percentile by nearest rank, and the longest.
func summary(all []time.Duration) string {
	if len(all) == 0 {
		return "nothing: there is none"
	}
	slices.Sort(all)
	return fmt.Sprintf("%s (median), %s (p99), at most %s, %d times", all[len(all)/2], all[(len(all)*99+99)/100-1], all[len(all)-1], len(all))
}

// awaitPods waits until all pods are ready, and none is being deleted.
func (w *workload) awaitPods(t *testing.T) {
	t.Helper()
	env.Await(t, "all pods are ready", func(ctx context.Context) error {
		list, err := w.client.CoreV1().Pods(w.namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		ready := 0
		for i := range list.Items {
			if pod := &list.Items[i]; pod.DeletionTimestamp == nil && env.IsReady(pod) {
				ready++
			}
		}
		if ready != pods || len(list.Items) != pods {
			return fmt.Errorf("%d of %d pods are ready, want %d", ready, len(list.Items), pods)
		}
		return nil
	})
}
