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
)

// TestADrainTakesLeaderAndReplica: the node of a leader and of one of Tanist's replicas is drained. The leader moves once, to
// another node.
func TestADrainTakesLeaderAndReplica(t *testing.T) {
	client := connect(t)
	spread(t, client)
	namespace := workload(t, client, 3)
	s := newStorm(t, client)
	s.sparesTwo()
	s.handsOver(1)

	slice := settled(t, client, namespace, 3)
	quiet := watchSlices(t, client, namespace)
	node := nodeOf(t, client, namespace, leaderOf(slice))
	replica := onNode(t, client, node)
	restore := restoring(t, "node "+node, func(ctx context.Context) error {
		_, err := client.CoreV1().Nodes().Patch(ctx, node, types.MergePatchType, []byte(`{"spec":{"unschedulable":null}}`), metav1.PatchOptions{})
		return err
	})
	started := time.Now()
	run(t, "kubectl", "drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout", patience.String())
	took := time.Since(started)
	s.handsOver(during)
	restore()

	after := settled(t, client, namespace, 3)
	if moves := quiet.seen(); len(moves) != 1 {
		t.Errorf("the leader moved %d times, want once: %+v", len(moves), moves)
	}
	if termOf(t, after) <= termOf(t, slice) {
		t.Errorf("the term went from %d to %d, want a later one", termOf(t, slice), termOf(t, after))
	}
	if now := nodeOf(t, client, namespace, leaderOf(after)); now == node {
		t.Errorf("the leader is on %s, which was drained", node)
	}
	quiet.testify()
	spread(t, client)
	admits(t, client)
	s.stop(election.ReasonNodeGoing, election.ReasonLeaderDisrupted, election.ReasonLeaderDeleted)
	t.Logf("%s, with the leader and Tanist's %s, was drained in %.0f s; the leader's moves: %+v", node, replica, took.Seconds(), quiet.seen())
}

// TestABudgetRefusesEvictions: what does not come about moves nobody.
func TestABudgetRefusesEvictions(t *testing.T) {
	client := connect(t)
	namespace := workload(t, client, 3)
	s := newStorm(t, client)
	s.handsOver(1)
	budget := &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec:       policyv1.PodDisruptionBudgetSpec{Selector: &metav1.LabelSelector{MatchLabels: appLabels}, MaxUnavailable: new(intstr.FromInt32(0))},
	}
	if _, err := client.PolicyV1().PodDisruptionBudgets(namespace).Create(t.Context(), budget, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the budget is known", func(ctx context.Context) error {
		budget, err := client.PolicyV1().PodDisruptionBudgets(namespace).Get(ctx, "web", metav1.GetOptions{})
		if err == nil && budget.Status.ExpectedPods != 3 {
			return fmt.Errorf("it expects %d pods", budget.Status.ExpectedPods)
		}
		return err
	})
	before := settled(t, client, namespace, 3)
	quiet := watchSlices(t, client, namespace)
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
	s.handsOver(during) // time enough for a hand-over that should not be
	if moves := quiet.seen(); len(moves) != 0 {
		t.Errorf("the leader moved although nothing was evicted: %+v", moves)
	}
	if after := settled(t, client, namespace, 3); termOf(t, after) != termOf(t, before) {
		t.Errorf("the term went from %d to %d", termOf(t, before), termOf(t, after))
	}

	if err := client.PolicyV1().PodDisruptionBudgets(namespace).Delete(t.Context(), "web", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the leader is evicted without the budget", func(context.Context) error { return evict() })
	eventually(t, "it is handed over", func(context.Context) error {
		if !quiet.moved("web-leader", before.Endpoints[0].TargetRef.UID) {
			return fmt.Errorf("%v", quiet.seen())
		}
		return nil
	})
	settled(t, client, namespace, 3)
	if moves := quiet.seen(); len(moves) != 1 {
		t.Errorf("the leader moved %d times for one eviction: %+v", len(moves), moves)
	}
	quiet.testify()
	s.stop()
	t.Logf("%d evictions were refused, and admission has prepared %v departures meanwhile, the storm's among them", refusals, admitted)
}

// spread waits until the replicas are on different nodes, and has one scheduled again as long as they are not.
func spread(t *testing.T, client kubernetes.Interface) {
	t.Helper()
	for range 5 {
		bothReplicas(t, client)
		pods, err := replicas(t.Context(), client)
		if err != nil {
			t.Fatal(err)
		}
		if pods[0].Spec.NodeName != pods[1].Spec.NodeName {
			return
		}
		if err := client.CoreV1().Pods(tanistNamespace).Delete(t.Context(), pods[0].Name, metav1.DeleteOptions{}); err != nil {
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
	pods, err := replicas(t.Context(), client)
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
