//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"testing"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// during is how many leaders must be handed over, or pods deleted, while a fault lasts.
const during = 8

// TestBothReplicasAreStopped: deletions go on as if there were no Tanist, and their leaders are handed over when it is back.
func TestBothReplicasAreStopped(t *testing.T) {
	client := connect(t)
	s := newStorm(t, client)
	s.handsOver(1)

	s.set(func(s *storm) { s.anybody = true })
	restore := scaleTanist(t, client, 0)
	eventually(t, "both replicas are gone", func(ctx context.Context) error {
		pods, err := client.CoreV1().Pods(tanistNamespace).List(ctx, metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=tanist"})
		if err == nil && len(pods.Items) > 0 {
			return fmt.Errorf("%d are left", len(pods.Items))
		}
		return err
	})
	moves := len(s.witness.seen())
	s.deletes(during)
	if now := len(s.witness.seen()); now != moves {
		t.Errorf("leaders moved %d times without Tanist", now-moves)
	}
	s.set(func(s *storm) { s.anybody = false })
	restore()
	bothReplicas(t, client)
	s.handsOver(1)
	admits(t, client)
	s.stop()
}

// scaleTanist sets the number of replicas; restore, which the test's end calls too, brings back what was.
func scaleTanist(t *testing.T, client kubernetes.Interface, replicas int32) (restore func()) {
	t.Helper()
	scale := func(ctx context.Context, replicas int32) (before int32, err error) {
		current, err := client.AppsV1().Deployments(tanistNamespace).GetScale(ctx, "tanist", metav1.GetOptions{})
		if err != nil {
			return 0, err
		}
		_, err = client.AppsV1().Deployments(tanistNamespace).UpdateScale(ctx, "tanist", &autoscalingv1.Scale{
			ObjectMeta: metav1.ObjectMeta{Name: "tanist", Namespace: tanistNamespace}, Spec: autoscalingv1.ScaleSpec{Replicas: replicas},
		}, metav1.UpdateOptions{})
		return current.Spec.Replicas, err
	}
	before, err := scale(t.Context(), replicas)
	if err != nil {
		t.Fatal(err)
	}
	return restoring(t, "Tanist's replicas", func(ctx context.Context) error {
		_, err := scale(ctx, before)
		return err
	})
}

// TestAdmissionIsBlackHoled: a deletion waits for the webhook's timeout and then goes on; the leader is handed over without a
// preparation.
func TestAdmissionIsBlackHoled(t *testing.T) {
	client := connect(t)
	s := newStorm(t, client)
	s.handsOver(1)
	admits(t, client)

	before := failedOpen(t, client, departures)
	restore := blackHole(t, client)
	s.handsOver(during)
	skipped(t, client, before, during)
	restore()
	admits(t, client)
	s.stop()
}

// blackHole drops what goes to the webhook's port of any pod, on its node: open connections fall silent too.
func blackHole(t *testing.T, client kubernetes.Interface) (restore func()) {
	t.Helper()
	nodes, err := client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	nft := func(ctx context.Context, rule ...string) error {
		for _, node := range nodes.Items {
			if err := inNode(ctx, node.Name, append([]string{"nft"}, rule...)...); err != nil {
				return err
			}
		}
		return nil
	}
	restore = restoring(t, "the way to admission", func(ctx context.Context) error { return nft(ctx, "delete table inet e2e") })
	if err := nft(t.Context(), `table inet e2e { chain forward {
		type filter hook forward priority -10; policy accept;
		tcp dport 10250 drop
	} }`); err != nil {
		t.Fatal(err)
	}
	return restore
}

// TestTheReplicaThatAdmittedADeletionDies: what it has prepared dies with it, before the pod is marked. The other replica hands over.
func TestTheReplicaThatAdmittedADeletionDies(t *testing.T) {
	client := connect(t)
	namespace := workload(t, client, 3)
	s := newStorm(t, client)
	for range repeat(t) {
		bothReplicas(t, client)
		s.handsOver(1)
		admits(t, client)
		killTheAdmitting(t, client, s, namespace)
	}
	bothReplicas(t, client)
	admits(t, client)
	s.stop()
}

func killTheAdmitting(t *testing.T, client kubernetes.Interface, s *storm, namespace string) {
	t.Helper()
	before := settled(t, client, namespace, 3)
	witness := watchSlices(t, client, namespace)
	hold := holdDeletions(t, client, namespace)
	defer hold.remove()

	s.turn.Lock() // nobody else's deletion is admitted meanwhile
	resume := func() { s.turn.Unlock() }
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
	eventually(t, "a replica has prepared the departure", func(ctx context.Context) error {
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
	pids, err := processes(admitting)
	if err != nil {
		t.Fatal(err)
	}
	if leader := witness.leaderOf("web-leader"); leader != before.Endpoints[0].TargetRef.UID {
		t.Errorf("the leader moved from %s to %s before its deletion", before.Endpoints[0].TargetRef.UID, leader)
	}
	if err := kill(pids); err != nil {
		t.Fatal(err)
	}
	hold.release()
	resume()
	resume = func() {}
	if err := <-deleted; err != nil {
		t.Errorf("the deletion failed: %v", err)
	}
	eventually(t, "the leader is handed over", func(context.Context) error {
		if !witness.moved("web-leader", before.Endpoints[0].TargetRef.UID) {
			return fmt.Errorf("%v", witness.seen())
		}
		return nil
	})
	witness.testify()
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

// bothReplicasBut replaces a replica that was killed, so that the kubelet's growing delay for one that crashes does not add up, and
// waits for two others.
func bothReplicasBut(t *testing.T, client kubernetes.Interface, killed string) (elected string) {
	t.Helper()
	if err := client.CoreV1().Pods(tanistNamespace).Delete(t.Context(), killed, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	return bothReplicas(t, client)
}
