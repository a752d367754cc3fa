//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/test/env"
)

// TestTheReplicaThatAdmittedADeletionDies: what it has prepared is lost with it, before the API server marks the pod. The other replica
// hands over.
func TestTheReplicaThatAdmittedADeletionDies(t *testing.T) {
	client := env.Connect(t)
	namespace := workload(t, client, 3)
	s := startDeletions(t, client)
	for range max(1, repeat(t)/2) {
		env.AwaitBothReplicas(t, client)
		awaitAdmission(t, client)
		killTheAdmitting(t, client, s, namespace)
	}
	env.AwaitBothReplicas(t, client)
	awaitAdmission(t, client)
	s.stop()
}

func killTheAdmitting(t *testing.T, client kubernetes.Interface, s *deletions, namespace string) {
	t.Helper()
	before := awaitSettled(t, client, namespace, 3)
	recorder := recordLeaders(t, client, namespace)
	hold := holdDeletions(t, client, namespace)
	defer hold.remove()

	s.deleting.Lock() // no other deletion is admitted meanwhile
	resume := func() { s.deleting.Unlock() }
	defer func() { resume() }()
	with := labels{"outcome": "prepared"}
	prepared, err := replicaMetrics(t.Context(), client, admittedTotal, with)
	if err != nil {
		t.Fatal(err)
	}
	handedOver, err := replicaMetrics(t.Context(), client, handoversTotal, labels{"reason": "LeaderDeleted"})
	if err != nil {
		t.Fatal(err)
	}
	deleted := make(chan error, 1)
	go func() {
		deleted <- client.CoreV1().Pods(namespace).Delete(t.Context(), leaderOf(before), metav1.DeleteOptions{})
	}()
	hold.arrived()
	var admitting string
	env.Eventually(t, "a replica has prepared the departure", func(ctx context.Context) error {
		now, err := replicaMetrics(ctx, client, admittedTotal, with)
		if err != nil {
			return err
		}
		for name, value := range now {
			if value > prepared[name] {
				admitting = name
				return nil
			}
		}
		return fmt.Errorf("none has: %v", now)
	})
	pids, err := env.PIDsOfPod(admitting)
	if err != nil {
		t.Fatal(err)
	}
	if leader := recorder.leaderOf("web-leader"); leader != before.Endpoints[0].TargetRef.UID {
		t.Errorf("the leader moved from %s to %s before its deletion", before.Endpoints[0].TargetRef.UID, leader)
	}
	if err := env.Kill(pids); err != nil {
		t.Fatal(err)
	}
	hold.release()
	resume()
	resume = func() {}
	if err := <-deleted; err != nil {
		t.Errorf("the deletion failed: %v", err)
	}
	env.Eventually(t, "the leader is handed over", func(context.Context) error {
		if !recorder.moved("web-leader", before.Endpoints[0].TargetRef.UID) {
			return fmt.Errorf("%v", recorder.allMoves())
		}
		return nil
	})
	recorder.check()
	elected := bothReplicasBut(t, client, admitting)
	after, err := replicaMetrics(t.Context(), client, handoversTotal, labels{"reason": "LeaderDeleted"})
	if err != nil {
		t.Fatal(err)
	}
	for name := range handedOver {
		if name != admitting {
			t.Logf("%s admitted the deletion and was killed; %s has committed %v hand-overs since; the Lease is %s's",
				admitting, name, after[name]-handedOver[name], elected)
		}
	}
}

// bothReplicasBut deletes the pod of a replica that was killed, and waits until two other replicas are ready. A fresh pod does not wait for
// the kubelet's growing delay after crashes.
func bothReplicasBut(t *testing.T, client kubernetes.Interface, killed string) (elected string) {
	t.Helper()
	if err := client.CoreV1().Pods(env.TanistNamespace).Delete(t.Context(), killed, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	return env.AwaitBothReplicas(t, client)
}
