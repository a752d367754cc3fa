package provoke

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/tanist-dev/tanist/bench/report"
	"github.com/tanist-dev/tanist/bench/testbed"
	"github.com/tanist-dev/tanist/bench/watch"
)

const (
	// unreadyFor is how long a pod's readiness probe fails: long enough for a probe that runs every second to fail.
	unreadyFor = 3 * time.Second
	// evictRetryDelay is the pause after a PodDisruptionBudget refused an eviction.
	evictRetryDelay = 250 * time.Millisecond
	// frozenFor is how long a pod hangs.
	frozenFor = 10 * time.Second
	// lossDelay is how long after it was asked a pod crashes or hangs. Such a loss begins in the pod, and Tanist may notice it within some
	// milliseconds. The request needs as long to the pod. So it must be over before, and be no part of what is measured.
	lossDelay = 500 * time.Millisecond
)

// Provoke takes the pod away. It returns after the API's answer. The loss began when the request was sent that took effect: evictions before
// it may have been refused. A crash or a hang begins lossDelay after that, and as much later as the request needs to reach the pod, which is
// less than Call.
func (p Provoker) Provoke(ctx context.Context, pod watch.Pod) (loss Loss, err error) {
	sent, delay := time.Now(), time.Duration(0)
	switch p.Mode {
	case report.ModeForce:
		err = p.remove(ctx, pod, new(int64(0)))
	case report.ModeEvict:
		sent, err = p.evict(ctx, pod)
	case report.ModeReadiness:
		err = p.loseReadiness(ctx, pod)
	case report.ModeCrash:
		delay, err = lossDelay, p.crash(ctx, pod)
	case report.ModeFreeze:
		delay, err = lossDelay, p.post(ctx, pod, "freeze", "for", frozenFor.String(), "after", lossDelay.String())
	case report.ModeNode:
		sent, err = p.awaitSilence(ctx, pod)
	default:
		err = p.remove(ctx, pod, nil)
	}
	loss = Loss{At: sent.Add(delay), Call: time.Since(sent)}
	if err != nil {
		return loss, fmt.Errorf("failed to %s pod %s: %w", p.Mode, pod.Name, err)
	}
	return loss, nil
}

// Restore makes the Service ready for the next failover, where that does not happen by itself.
func (p Provoker) Restore(ctx context.Context, pod watch.Pod) error {
	if Unannounced(p.Mode) {
		if err := p.clearRecordedLosses(ctx); err != nil {
			return err
		}
	}
	switch {
	case p.Mode == report.ModeNode:
		p.Printf("Now switch the node of pod %s on again", pod.Name)
	case p.Mode == report.ModeReadiness && p.Simulated:
		return p.writeReady(ctx, pod, corev1.ConditionTrue)
	case p.Mode == report.ModeCrash:
		// The kubelet waits longer before each restart of the same pod, up to five minutes. A new pod starts at once.
		if err := p.remove(ctx, pod, nil); err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("failed to replace crashed pod %s: %w", pod.Name, err)
		}
	}
	return nil
}

// remove deletes the pod with this UID, never a later one of the same name.
func (p Provoker) remove(ctx context.Context, pod watch.Pod, grace *int64) error {
	return p.Client.CoreV1().Pods(p.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{
		GracePeriodSeconds: grace, Preconditions: metav1.NewUIDPreconditions(string(pod.UID)),
	})
}

// evict sends evictions until the disruption budget admits one, and returns the time at which that one was sent. The client's own retries
// are disabled: while the disruption controller has not processed the last eviction, the API server asks clients to wait ten seconds, which
// would count as part of the failover.
func (p Provoker) evict(ctx context.Context, pod watch.Pod) (sent time.Time, err error) {
	body := &policyv1.Eviction{
		ObjectMeta:    metav1.ObjectMeta{Name: pod.Name, Namespace: p.Namespace},
		DeleteOptions: &metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(pod.UID))},
	}
	_ = wait.PollUntilContextCancel(ctx, evictRetryDelay, true, func(ctx context.Context) (bool, error) {
		sent = time.Now()
		err = p.Client.PolicyV1().RESTClient().Post().AbsPath("/api/v1").Namespace(p.Namespace).Resource("pods").Name(pod.Name).
			SubResource("eviction").Body(body).MaxRetries(0).Do(ctx).Error()
		return !apierrors.IsTooManyRequests(err), nil
	})
	return sent, err
}

func (p Provoker) loseReadiness(ctx context.Context, pod watch.Pod) error {
	if p.Simulated {
		return p.writeReady(ctx, pod, corev1.ConditionFalse)
	}
	return p.post(ctx, pod, "unready", "for", unreadyFor.String())
}

// crash ends the pod's process. A slow answer may be lost with it, so only those errors count that say that the request did not reach the pod.
// The watch shows whether it crashed. Simulated pods cannot crash (see Unannounced).
func (p Provoker) crash(ctx context.Context, pod watch.Pod) error {
	err := p.post(ctx, pod, "crash", "after", lossDelay.String())
	if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) || ctx.Err() != nil {
		return err
	}
	return nil
}

// post sends a request to the pod's server through the API server, which reaches pods wherever bench runs.
func (p Provoker) post(ctx context.Context, pod watch.Pod, path string, query ...string) error {
	request := p.Client.CoreV1().RESTClient().Post().Namespace(p.Namespace).Resource("pods").
		Name(pod.Name + ":" + strconv.Itoa(testbed.ServerPort)).SubResource("proxy").Suffix(path)
	for i := 0; i+1 < len(query); i += 2 {
		request = request.Param(query[i], query[i+1])
	}
	// No retry: a second request would crash the restarted process, or prolong the failing probe.
	return request.MaxRetries(0).Do(ctx).Error()
}

func (p Provoker) writeReady(ctx context.Context, pod watch.Pod, ready corev1.ConditionStatus) error {
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"uid": pod.UID}, // the API server refuses the patch for a later pod of the same name
		"status": map[string]any{"conditions": []corev1.PodCondition{{
			Type: corev1.PodReady, Status: ready, Reason: "TanistBench", LastTransitionTime: metav1.Now(),
		}}},
	})
	if err != nil {
		return fmt.Errorf("failed to encode status: %w", err)
	}
	_, err = p.Client.CoreV1().Pods(p.Namespace).Patch(ctx, pod.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
	return err
}
