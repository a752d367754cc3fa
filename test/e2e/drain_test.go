//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/test/env"
)

// TestADrainTakesLeaderAndReplica drains the node of a leader and of one of Tanist's replicas. The leader moves once, to another node.
func TestADrainTakesLeaderAndReplica(t *testing.T) {
	client := env.Connect(t)
	spread(t, client)
	namespace := workload(t, client, 3)
	s := startDeletions(t, client)
	s.keepTwoReady()
	s.awaitHandovers(1)

	slice := awaitSettled(t, client, namespace, 3)
	leaders := recordLeaders(t, client, namespace)
	node := nodeOf(t, client, namespace, leaderOf(slice))
	replica := onNode(t, client, node)
	restore := env.Restoring(t, "node "+node, func(ctx context.Context) error {
		_, err := client.CoreV1().Nodes().Patch(ctx, node, types.MergePatchType, []byte(`{"spec":{"unschedulable":null}}`), metav1.PatchOptions{})
		return err
	})
	started := time.Now()
	env.Run(t, "kubectl", "drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout", env.Timeout.String())
	took := time.Since(started)
	s.awaitHandovers(during)
	restore()

	after := awaitSettled(t, client, namespace, 3)
	if moves := leaders.allMoves(); len(moves) != 1 {
		t.Errorf("the leader moved %d times, want once: %+v", len(moves), moves)
	}
	if termOf(t, after) <= termOf(t, slice) {
		t.Errorf("the term went from %d to %d, want a later one", termOf(t, slice), termOf(t, after))
	}
	if now := nodeOf(t, client, namespace, leaderOf(after)); now == node {
		t.Errorf("the leader is on %s, which was drained", node)
	}
	leaders.check()
	spread(t, client)
	awaitAdmission(t, client)
	s.stop(election.ReasonNodeGoing, election.ReasonLeaderDisrupted, election.ReasonLeaderDeleted)
	t.Logf("%s, with the leader and Tanist's %s, was drained in %.0f s; the leader's moves: %+v", node, replica, took.Seconds(), leaders.allMoves())
}

// TestABudgetRefusesEvictions: an eviction that is refused moves no leader.
func TestABudgetRefusesEvictions(t *testing.T) {
	client := env.Connect(t)
	namespace := workload(t, client, 3)
	s := startDeletions(t, client)
	s.awaitHandovers(1)
	budget := &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec:       policyv1.PodDisruptionBudgetSpec{Selector: &metav1.LabelSelector{MatchLabels: appLabels}, MaxUnavailable: new(intstr.FromInt32(0))},
	}
	if _, err := client.PolicyV1().PodDisruptionBudgets(namespace).Create(t.Context(), budget, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	env.Eventually(t, "the budget is known", func(ctx context.Context) error {
		budget, err := client.PolicyV1().PodDisruptionBudgets(namespace).Get(ctx, "web", metav1.GetOptions{})
		if err == nil && budget.Status.ExpectedPods != 3 {
			return fmt.Errorf("it expects %d pods", budget.Status.ExpectedPods)
		}
		return err
	})
	before := awaitSettled(t, client, namespace, 3)
	leaders := recordLeaders(t, client, namespace)
	admitted := tanistMetric(t, client, admittedTotal, labels{"outcome": "prepared"})
	evict := func() error {
		return client.PolicyV1().Evictions(namespace).Evict(t.Context(),
			&policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: leaderOf(before), Namespace: namespace}})
	}
	const refusals = 20
	for i := range refusals {
		if err := evict(); !apierrors.IsTooManyRequests(err) {
			t.Fatalf("eviction %d: %v, want it refused by the budget", i+1, err)
		}
	}
	admitted = tanistMetric(t, client, admittedTotal, labels{"outcome": "prepared"}) - admitted
	if admitted < refusals {
		t.Errorf("admission prepared %v times for %d evictions: it was not asked", admitted, refusals)
	}
	s.awaitHandovers(during) // long enough for a hand-over that should not happen
	if moves := leaders.allMoves(); len(moves) != 0 {
		t.Errorf("the leader moved although nothing was evicted: %+v", moves)
	}
	if after := awaitSettled(t, client, namespace, 3); termOf(t, after) != termOf(t, before) {
		t.Errorf("the term went from %d to %d", termOf(t, before), termOf(t, after))
	}

	if err := client.PolicyV1().PodDisruptionBudgets(namespace).Delete(t.Context(), "web", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	env.Eventually(t, "the leader is evicted without the budget", func(context.Context) error { return evict() })
	env.Eventually(t, "it is handed over", func(context.Context) error {
		if !leaders.moved("web-leader", before.Endpoints[0].TargetRef.UID) {
			return fmt.Errorf("%v", leaders.allMoves())
		}
		return nil
	})
	awaitSettled(t, client, namespace, 3)
	if moves := leaders.allMoves(); len(moves) != 1 {
		t.Errorf("the leader moved %d times for one eviction: %+v", len(moves), moves)
	}
	leaders.check()
	s.stop()
	t.Logf("%d evictions were refused, and admission has prepared %v departures meanwhile, those of the deleted leaders among them", refusals, admitted)
}

// spread waits until the replicas are on different nodes. As long as they are not, it deletes one, so that it is scheduled again.
func spread(t *testing.T, client kubernetes.Interface) {
	t.Helper()
	for range 5 {
		env.AwaitBothReplicas(t, client)
		pods, err := env.ReadyReplicas(t.Context(), client)
		if err != nil {
			t.Fatal(err)
		}
		if pods[0].Spec.NodeName != pods[1].Spec.NodeName {
			return
		}
		if err := client.CoreV1().Pods(env.TanistNamespace).Delete(t.Context(), pods[0].Name, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	t.Fatal("Tanist's replicas stay together on one node")
}

func nodeOf(t *testing.T, client kubernetes.Interface, namespace, pod string) string {
	t.Helper()
	p, err := client.CoreV1().Pods(namespace).Get(t.Context(), pod, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return p.Spec.NodeName
}

// onNode is the replica on a node.
func onNode(t *testing.T, client kubernetes.Interface, node string) (replica string) {
	t.Helper()
	pods, err := env.ReadyReplicas(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	for _, pod := range pods {
		if pod.Spec.NodeName == node {
			return pod.Name
		}
	}
	t.Fatalf("no replica is on %s", node)
	return ""
}
