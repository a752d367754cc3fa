//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/env"
)

// floor is a workload without Tanist. The test hands it over itself, with only what any hand-over needs: a watch, and a patch that is
// ready. kubectl tanist bench --floor measures the same; this floor takes turns with a test's own hand-overs.
type floor struct {
	t         *testing.T
	client    kubernetes.Interface
	namespace string
	replicas  int32
}

// newFloor creates the workload, with a leader.
func newFloor(t *testing.T, client kubernetes.Interface, replicas int32) *floor {
	t.Helper()
	f := &floor{t: t, client: client, namespace: env.NewNamespace(t, client, nil), replicas: replicas}
	deploy(t, client, f.namespace, replicas)
	// The source Service is here as it is with Tanist: Kubernetes' own controller and every kube-proxy work on it at the moment of a
	// hand-over.
	serve(t, client, f.namespace, nil)
	_, err := client.CoreV1().Services(f.namespace).Create(t.Context(), &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "web-leader"},
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Name: "http", Port: 80}}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.DiscoveryV1().EndpointSlices(f.namespace).Create(t.Context(), &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{Name: "web-leader", Labels: map[string]string{
			discoveryv1.LabelServiceName: "web-leader", discoveryv1.LabelManagedBy: "e2e.tanist.dev",
		}},
		AddressType: discoveryv1.AddressTypeIPv4,
		Ports:       []discoveryv1.EndpointPort{{Name: new("http"), Port: new(int32(8080))}},
		Endpoints:   endpoints(f.ready("")[0]),
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// handOver deletes the leader and returns how long it took until another pod led.
func (f *floor) handOver() time.Duration {
	f.t.Helper()
	before := awaitSettled(f.t, f.client, f.namespace, f.replicas)
	leader := leaderOf(before)
	patch, err := json.Marshal(map[string]any{"endpoints": endpoints(f.ready(leader)[0])})
	if err != nil {
		f.t.Fatal(err)
	}
	f.onDeletion(leader, func() error {
		_, err := f.client.DiscoveryV1().EndpointSlices(f.namespace).
			Patch(f.t.Context(), before.Name, types.MergePatchType, patch, metav1.PatchOptions{})
		return err
	})
	moved := watchLeader(f.t, f.client, f.namespace, before)

	started := time.Now()
	if err := f.client.CoreV1().Pods(f.namespace).Delete(f.t.Context(), leader, metav1.DeleteOptions{}); err != nil {
		f.t.Fatal(err)
	}
	after := <-moved
	took := time.Since(started)
	if after == nil {
		f.t.Fatal("the floor's leader never moved")
	}
	return took
}

// onDeletion calls do when the watch says that the pod is being deleted.
func (f *floor) onDeletion(pod string, do func() error) {
	f.t.Helper()
	w, err := f.client.CoreV1().Pods(f.namespace).Watch(f.t.Context(), metav1.ListOptions{FieldSelector: "metadata.name=" + pod})
	if err != nil {
		f.t.Fatal(err)
	}
	go func() {
		defer w.Stop()
		for event := range w.ResultChan() {
			if pod, ok := event.Object.(*corev1.Pod); !ok || pod.DeletionTimestamp == nil {
				continue
			}
			if err := do(); err != nil {
				f.t.Errorf("failed to hand over the floor's Service: %v", err)
			}
			return
		}
	}()
}

// ready waits for pods that can lead, and returns them without one.
func (f *floor) ready(except string) []corev1.Pod {
	f.t.Helper()
	var pods []corev1.Pod
	env.Eventually(f.t, "the floor's pods are ready", func(ctx context.Context) error {
		list, err := f.client.CoreV1().Pods(f.namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=web"})
		if err != nil {
			return err
		}
		pods = slices.DeleteFunc(list.Items, func(pod corev1.Pod) bool {
			return !env.IsReady(&pod) || pod.Name == except
		})
		if len(pods) == 0 {
			return fmt.Errorf("none of %d pods is", len(list.Items))
		}
		return nil
	})
	return pods
}

func endpoints(pod corev1.Pod) []discoveryv1.Endpoint {
	return []discoveryv1.Endpoint{{
		Addresses:  []string{pod.Status.PodIP},
		Conditions: discoveryv1.EndpointConditions{Ready: new(true), Serving: new(true), Terminating: new(false)},
		NodeName:   new(pod.Spec.NodeName),
		TargetRef:  &corev1.ObjectReference{Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID},
	}}
}

// allowance is how much longer than the floor and the tuning's backupDelay a hand-over by the other replica may take.
const allowance = 50 * time.Millisecond

// logBesideFloor logs how long hand-overs and the floor's took, and returns the longest hand-over.
func logBesideFloor(t *testing.T, what string, took, floor []time.Duration) (longest time.Duration) {
	t.Helper()
	slices.Sort(took)
	slices.Sort(floor)
	backup := config.DefaultTuning().Commit.BackupDelay.Duration
	bound := func(floor time.Duration) string {
		over := 0
		for _, one := range took {
			if one > floor+backup+allowance {
				over++
			}
		}
		return fmt.Sprintf("%d of %d over %s", over, len(took), inMs(floor+backup+allowance))
	}
	half := len(took) / 2
	t.Logf(`from the deletion to the slice:
| | rounds | shortest | median | longest | floor + backupDelay + %v |
| --- | --- | --- | --- | --- | --- |
| %s | %d | %s | %s | %s | with the floor's median: %s; with its longest: %s |
| floor | %d | %s | %s | %s | |`,
		allowance,
		what, len(took), inMs(took[0]), inMs(took[half]), inMs(took[len(took)-1]), bound(floor[half]), bound(floor[len(floor)-1]),
		len(floor), inMs(floor[0]), inMs(floor[half]), inMs(floor[len(floor)-1]))
	return took[len(took)-1]
}

func inMs(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}
