//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"testing"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/test/env"
)

// during is how many leaders must be handed over, or pods deleted, while a fault lasts.
const during = 5

// TestBothReplicasAreStopped: without Tanist, deletions succeed as always. Their leaders are handed over when it is back.
func TestBothReplicasAreStopped(t *testing.T) {
	client := env.Connect(t)
	s := startDeletions(t, client)
	s.awaitHandovers(1)

	s.set(func(s *deletions) { s.anyPod = true })
	restore := scaleTanist(t, client, 0)
	env.Eventually(t, "both replicas are gone", func(ctx context.Context) error {
		pods, err := client.CoreV1().Pods(env.TanistNamespace).List(ctx, metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=tanist"})
		if err == nil && len(pods.Items) > 0 {
			return fmt.Errorf("%d are left", len(pods.Items))
		}
		return err
	})
	moves := len(s.recorder.allMoves())
	s.awaitDeletions(during)
	if now := len(s.recorder.allMoves()); now != moves {
		t.Errorf("leaders moved %d times without Tanist", now-moves)
	}
	s.set(func(s *deletions) { s.anyPod = false })
	restore()
	env.AwaitBothReplicas(t, client)
	awaitAdmission(t, client)
	s.stop()
}

// scaleTanist sets the number of replicas. restore sets it back; the test's end calls it too.
func scaleTanist(t *testing.T, client kubernetes.Interface, replicas int32) (restore func()) {
	t.Helper()
	scale := func(ctx context.Context, replicas int32) (before int32, err error) {
		current, err := client.AppsV1().Deployments(env.TanistNamespace).GetScale(ctx, "tanist", metav1.GetOptions{})
		if err != nil {
			return 0, err
		}
		_, err = client.AppsV1().Deployments(env.TanistNamespace).UpdateScale(ctx, "tanist", &autoscalingv1.Scale{
			ObjectMeta: metav1.ObjectMeta{Name: "tanist", Namespace: env.TanistNamespace}, Spec: autoscalingv1.ScaleSpec{Replicas: replicas},
		}, metav1.UpdateOptions{})
		return current.Spec.Replicas, err
	}
	before, err := scale(t.Context(), replicas)
	if err != nil {
		t.Fatal(err)
	}
	return env.Restoring(t, "Tanist's replicas", func(ctx context.Context) error {
		_, err := scale(ctx, before)
		return err
	})
}

// TestAdmissionIsBlackHoled: a deletion waits for the webhook's timeout and then goes on. The leader is handed over unprepared.
func TestAdmissionIsBlackHoled(t *testing.T) {
	client := env.Connect(t)
	s := startDeletions(t, client)
	awaitAdmission(t, client)

	before := failedOpen(t, client, departures)
	restore := blackHole(t, client)
	s.awaitHandovers(during)
	awaitFailedOpen(t, client, before, during)
	restore()
	awaitAdmission(t, client)
	s.stop()
}

// blackHole drops all packets to the webhook's port of any pod, on its node, also those of open connections.
func blackHole(t *testing.T, client kubernetes.Interface) (restore func()) {
	t.Helper()
	nodes, err := client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	nft := func(ctx context.Context, rule ...string) error {
		for _, node := range nodes.Items {
			if err := env.InNode(ctx, node.Name, append([]string{"nft"}, rule...)...); err != nil {
				return err
			}
		}
		return nil
	}
	restore = env.Restoring(t, "the way to admission", func(ctx context.Context) error { return nft(ctx, "delete table inet e2e") })
	rule := "add table inet e2e; add chain inet e2e forward { type filter hook forward priority -10; }; " +
		"add rule inet e2e forward tcp dport 10250 drop"
	if err := nft(t.Context(), rule); err != nil {
		t.Fatal(err)
	}
	return restore
}
