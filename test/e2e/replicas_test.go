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
)

// repeat is how often a test that can be measured repeats itself: E2E_REPEAT, 2 without.
func repeat(t *testing.T) int {
	t.Helper()
	return number(t, "E2E_REPEAT", 2)
}

// TestTheElectedReplicaDiesWithTheLeader: the other replica hands over without waiting for the Lease, which lasts 15 s. Each round is
// followed, or preceded, by one of the floor: a plain deletion and a bare watch-and-patch loop.
func TestTheElectedReplicaDiesWithTheLeader(t *testing.T) {
	client := connect(t)
	namespace, floor := workload(t, client, 3), newFloor(t, client, 3)
	rounds := []func() time.Duration{
		func() time.Duration { return handOverWithoutTheElected(t, client, namespace) },
		floor.handOver,
	}
	took := make([][]time.Duration, len(rounds))
	for i := range repeat(t) {
		for turn := range rounds {
			// Nobody is measured while pods of the other's, or a replica, still start.
			bothReplicas(t, client)
			settled(t, client, namespace, 3)
			settled(t, client, floor.namespace, 3)
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
	elected := bothReplicas(t, client)
	before := settled(t, client, namespace, 3)
	pids, err := processes(elected)
	if err != nil {
		t.Fatal(err)
	}
	moved := watchLeader(t, client, namespace, before)

	// The deletion and the SIGKILL come at the same moment: the kill takes microseconds, and the request is not sent before it, so
	// that the elected replica never sees the deletion.
	started := time.Now()
	if err := kill(pids); err != nil {
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
	// A fresh pod, so that the kubelet's growing delay for one that crashes does not add up.
	if err := client.CoreV1().Pods(tanistNamespace).Delete(t.Context(), elected, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	return took
}

// TestBothReplicasDie: who leads is in the cluster, not in Tanist.
func TestBothReplicasDie(t *testing.T) {
	client := connect(t)
	namespace := workload(t, client, 3)
	bothReplicas(t, client)
	before := settled(t, client, namespace, 3)
	pods, err := replicas(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	restarted := map[string]int32{}
	for _, pod := range pods {
		restarted[pod.Name] = pod.Status.ContainerStatuses[0].RestartCount
		pids, err := processes(pod.Name)
		if err != nil {
			t.Fatal(err)
		}
		if err := kill(pids); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "both have restarted", func(ctx context.Context) error {
		pods, err := replicas(ctx, client)
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
	bothReplicas(t, client)
	// A hand-over after the restart shows that it works, and that it knew who led.
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
	ctx, cancel := context.WithTimeout(t.Context(), patience)
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
