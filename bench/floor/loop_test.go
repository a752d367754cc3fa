package floor

import (
	"context"
	"encoding/json"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
	discoveryclient "k8s.io/client-go/kubernetes/typed/discovery/v1"
)

// testPod is a pod that can lead unless changed.
func testPod(name string, changes ...func(*corev1.Pod)) *corev1.Pod {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: "ns", UID: types.UID("uid-" + name),
			Labels: map[string]string{WorkloadLabel: "bench-floor"},
		},
		Spec: corev1.PodSpec{NodeName: "node-1"},
		Status: corev1.PodStatus{
			PodIP: "10.0.0.1", Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
		},
	}
	for _, change := range changes {
		change(pod)
	}
	return pod
}

func terminating(pod *corev1.Pod) { pod.DeletionTimestamp = &metav1.Time{} }
func unready(pod *corev1.Pod)     { pod.Status.Conditions[0].Status = corev1.ConditionFalse }
func ended(pod *corev1.Pod)       { pod.Status.Phase = corev1.PodFailed }
func noAddress(pod *corev1.Pod)   { pod.Status.PodIP = "" }

func TestLeaderState(t *testing.T) {
	type step struct {
		pod  *corev1.Pod
		gone bool
		want string // The pod of the patch to send.
	}
	tests := map[string][]step{
		"the first ready pod leads": {
			{pod: testPod("b", unready)},
			{pod: testPod("b", noAddress)},
			{pod: testPod("b"), want: "b"},
			{pod: testPod("a")},
		},
		"a deletion moves the leader at its first sign, once": {
			{pod: testPod("a"), want: "a"},
			{pod: testPod("b")},
			{pod: testPod("a", terminating), want: "b"},
			{pod: testPod("a", terminating, unready)},
			{pod: testPod("a"), gone: true},
		},
		"a forced deletion has only one sign": {
			{pod: testPod("a"), want: "a"}, {pod: testPod("b")}, {pod: testPod("a"), gone: true, want: "b"},
		},
		"a lost readiness moves it, and nothing moves back": {
			{pod: testPod("a"), want: "a"}, {pod: testPod("b")}, {pod: testPod("a", unready), want: "b"}, {pod: testPod("a")},
		},
		"a pod that failed does not lead": {{pod: testPod("a"), want: "a"}, {pod: testPod("b")}, {pod: testPod("a", ended), want: "b"}},
		"a successor that is lost first is not chosen": {
			{pod: testPod("a"), want: "a"}, {pod: testPod("b")}, {pod: testPod("c")},
			{pod: testPod("b", terminating)},
			{pod: testPod("a", terminating), want: "c"},
		},
		"with nobody left the next one that comes leads": {
			{pod: testPod("a"), want: "a"}, {pod: testPod("a", terminating)}, {pod: testPod("b"), want: "b"},
		},
	}
	for name, steps := range tests {
		t.Run(name, func(t *testing.T) {
			state := newLeaderState("web-leader")
			for i, step := range steps {
				next, err := state.update(step.pod)
				if step.gone {
					next, err = state.remove(step.pod.UID), nil
				}
				if err != nil || next.pod != step.want {
					t.Errorf("step %d: patch for %q, %v, want %q", i, next.pod, err, step.want)
				}
			}
		})
	}
}

func TestPatchBody(t *testing.T) {
	body, err := patchBody(testPod("a"))
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Endpoints []discoveryv1.Endpoint }
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatal(err)
	}
	want := []discoveryv1.Endpoint{{
		Addresses:  []string{"10.0.0.1"},
		Conditions: discoveryv1.EndpointConditions{Ready: new(true), Serving: new(true), Terminating: new(false)},
		NodeName:   new("node-1"),
		TargetRef:  &corev1.ObjectReference{Kind: "Pod", Namespace: "ns", Name: "a", UID: "uid-a"},
	}}
	if diff := cmp.Diff(want, got.Endpoints); diff != "" {
		t.Errorf("endpoints (-want +got):\n%s", diff)
	}
}

func TestLoopReportsWhatItCouldNotPatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := fake.NewClientset(testPod("a"))
		loop, err := Start(t.Context(), client, "ns", "bench-floor")
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		want := `failed to patch the floor's slice bench-floor: endpointslices.discovery.k8s.io "bench-floor" not found`
		if err := loop.Err(); err == nil || err.Error() != want {
			t.Errorf("error = %v, want %s", err, want)
		}
	})
}

// slicesClient is a client whose patches of slices are the test's.
type slicesClient struct {
	kubernetes.Interface
	discoveryclient.DiscoveryV1Interface
	discoveryclient.EndpointSliceInterface
	patch func(ctx context.Context, slice, pod string) error
}

func (c slicesClient) DiscoveryV1() discoveryclient.DiscoveryV1Interface            { return c }
func (c slicesClient) EndpointSlices(string) discoveryclient.EndpointSliceInterface { return c }

func (c slicesClient) Patch(
	ctx context.Context, name string, _ types.PatchType, data []byte, _ metav1.PatchOptions, _ ...string,
) (*discoveryv1.EndpointSlice, error) {
	var body discoveryv1.EndpointSlice
	if err := json.Unmarshal(data, &body); err != nil {
		return nil, err
	}
	return &body, c.patch(ctx, name, body.Endpoints[0].TargetRef.Name)
}

func TestThePatchesOfOneSliceAreSentInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		other := testPod("z", func(pod *corev1.Pod) { pod.Labels[WorkloadLabel] = "other" })
		pods := fake.NewClientset(testPod("a"), other)
		started, answers := []string{}, make(chan error)
		client := slicesClient{Interface: pods, patch: func(_ context.Context, slice, pod string) error {
			if slice == "other" {
				return nil
			}
			started = append(started, pod)
			return <-answers
		}}
		loop, err := Start(ctx, client, "ns", "bench-floor", "other")
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // The watch is open.
		if _, err := pods.CoreV1().Pods("ns").Create(ctx, testPod("b"), metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := pods.CoreV1().Pods("ns").Delete(ctx, "a", metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		steps := []struct {
			answer error
			want   []string
		}{
			{apierrors.NewServiceUnavailable("down"), []string{"a"}},
			{nil, []string{"a", "a"}},
			{nil, []string{"a", "a", "b"}},
		}
		for _, step := range steps {
			synctest.Wait()
			if diff := cmp.Diff(step.want, started); diff != "" {
				t.Errorf("patches that were started (-want +got):\n%s", diff)
			}
			answers <- step.answer
		}
		cancel()
		loop.Wait()
		if err := loop.Err(); err != nil {
			t.Errorf("error = %v, want none: each patch succeeded in the end", err)
		}
	})
}

func TestWaitReturnsAfterTheWatchAndTheLastPatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		answer := make(chan struct{})
		client := slicesClient{Interface: fake.NewClientset(testPod("a")), patch: func(ctx context.Context, _, _ string) error {
			<-answer
			return ctx.Err()
		}}
		loop, err := Start(ctx, client, "ns", "bench-floor")
		if err != nil {
			t.Fatal(err)
		}
		returned := false
		go func() {
			loop.Wait()
			returned = true
		}()
		wantReturned := func(want bool, when string) {
			t.Helper()
			if synctest.Wait(); returned != want {
				t.Errorf("returned %s: %t, want %t", when, returned, want)
			}
		}
		wantReturned(false, "while the loop runs")
		cancel()
		wantReturned(false, "while a patch is being sent")
		close(answer)
		wantReturned(true, "at the end")
		if err := loop.Err(); err != nil {
			t.Errorf("error = %v, want none: the end of the context interrupted the patch", err)
		}
	})
}
