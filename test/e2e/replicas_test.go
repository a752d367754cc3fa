//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/test/env"
)

// repeat is how often a test is repeated: E2E_REPEAT (2).
func repeat(t *testing.T) int {
	t.Helper()
	return env.Number(t, "E2E_REPEAT", 2)
}

// TestTheElectedReplicaDiesWithTheLeader: the other replica hands over without waiting for the Lease, which lasts 15 s. Each round comes
// with one of the floor: a deletion that a bare watch and patch hands over.
func TestTheElectedReplicaDiesWithTheLeader(t *testing.T) {
	client := env.Connect(t)
	namespace, floor := workload(t, client, 3), newFloor(t, client, 3)
	rounds := []func() time.Duration{
		func() time.Duration { return handOverWithoutTheElected(t, client, namespace) },
		floor.handOver,
	}
	took := make([][]time.Duration, len(rounds))
	for i := range repeat(t) {
		for turn := range rounds {
			// Nothing is measured while a replica or any of the pods still starts.
			env.AwaitBothReplicas(t, client)
			awaitSettled(t, client, namespace, 3)
			awaitSettled(t, client, floor.namespace, 3)
			who := (i + turn) % len(rounds)
			took[who] = append(took[who], rounds[who]())
		}
	}
	longest := logBesideFloor(t, "elected replica killed", took[0], took[1])
	if longest > 10*time.Second {
		t.Errorf("the longest hand-over took %v: it waited for the Lease", longest)
	}
}

// handOverWithoutTheElected kills the elected replica as the leader is deleted, and returns how long it took until another pod led.
func handOverWithoutTheElected(t *testing.T, client kubernetes.Interface, namespace string) time.Duration {
	t.Helper()
	elected := env.AwaitBothReplicas(t, client)
	before := awaitSettled(t, client, namespace, 3)
	pids, err := env.PIDsOfPod(elected)
	if err != nil {
		t.Fatal(err)
	}
	moved := watchLeader(t, client, namespace, before)

	// The kill takes microseconds, and the deletion is sent after it. So both come at the same moment, and the elected replica never
	// sees the deletion.
	started := time.Now()
	if err := env.Kill(pids); err != nil {
		t.Fatal(err)
	}
	if err := client.CoreV1().Pods(namespace).Delete(t.Context(), leaderOf(before), metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	after := <-moved
	took := time.Since(started)
	if after == nil {
		t.Fatal("the leader never moved")
	}
	if termOf(t, after) <= termOf(t, before) {
		t.Errorf("the term went from %d to %d, want a later one", termOf(t, before), termOf(t, after))
	}
	// A fresh pod does not wait for the kubelet's growing delay after crashes.
	if err := client.CoreV1().Pods(env.TanistNamespace).Delete(t.Context(), elected, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	return took
}

// TestBothReplicasDie: restarted replicas find in the cluster who leads.
func TestBothReplicasDie(t *testing.T) {
	client := env.Connect(t)
	namespace := workload(t, client, 3)
	env.AwaitBothReplicas(t, client)
	before := awaitSettled(t, client, namespace, 3)
	pods, err := env.ReadyReplicas(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	restarted := map[string]int32{}
	for _, pod := range pods {
		restarted[pod.Name] = pod.Status.ContainerStatuses[0].RestartCount
		pids, err := env.PIDsOfPod(pod.Name)
		if err != nil {
			t.Fatal(err)
		}
		if err := env.Kill(pids); err != nil {
			t.Fatal(err)
		}
	}
	env.Eventually(t, "both have restarted", func(ctx context.Context) error {
		pods, err := env.ReadyReplicas(ctx, client)
		if err != nil {
			return err
		}
		for _, pod := range pods {
			if len(pods) != 2 || pod.Status.ContainerStatuses[0].RestartCount == restarted[pod.Name] {
				return fmt.Errorf("%d are ready, %s has restarted %d times", len(pods), pod.Name, pod.Status.ContainerStatuses[0].RestartCount)
			}
		}
		return nil
	})
	env.AwaitBothReplicas(t, client)
	// A hand-over after the restart shows that Tanist works, and that it knew the leader.
	moved := watchLeader(t, client, namespace, before)
	if err := client.CoreV1().Pods(namespace).Delete(t.Context(), leaderOf(before), metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	after := <-moved
	if after == nil {
		t.Fatal("the leader never moved")
	}
	if reason := after.Annotations[config.ReasonKey]; termOf(t, after) <= termOf(t, before) || reason != string(election.ReasonLeaderDeleted) {
		t.Errorf("the term went from %d to %d because of %s: the restart was no reason to move", termOf(t, before), termOf(t, after), reason)
	}
}

// watchLeader watches the slice from before on, and sends its first version with another ready leader; nil when there is none.
func watchLeader(t *testing.T, client kubernetes.Interface, namespace string, before *discoveryv1.EndpointSlice) <-chan *discoveryv1.EndpointSlice {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), env.Timeout)
	w, err := client.DiscoveryV1().EndpointSlices(namespace).Watch(ctx, metav1.ListOptions{
		FieldSelector: "metadata.name=" + before.Name, ResourceVersion: before.ResourceVersion,
	})
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	moved := make(chan *discoveryv1.EndpointSlice, 1)
	go func() {
		defer cancel()
		defer w.Stop()
		defer close(moved)
		for event := range w.ResultChan() {
			slice, ok := event.Object.(*discoveryv1.EndpointSlice)
			if !ok || len(slice.Endpoints) != 1 || slice.Endpoints[0].Conditions.Ready == nil || !*slice.Endpoints[0].Conditions.Ready {
				continue
			}
			if slice.Endpoints[0].TargetRef.UID != before.Endpoints[0].TargetRef.UID {
				moved <- slice
				return
			}
		}
	}()
	return moved
}

func termOf(t *testing.T, slice *discoveryv1.EndpointSlice) int {
	t.Helper()
	term, err := strconv.Atoi(slice.Annotations[config.TermKey])
	if err != nil {
		t.Fatal(err)
	}
	return term
}
