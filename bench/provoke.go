package bench

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
	"k8s.io/client-go/kubernetes"

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
)

// provoker takes leaders away in one mode.
type provoker struct {
	mode      report.Mode
	client    kubernetes.Interface
	namespace string
	// simulated is true when no process runs in the pods, so that a loss of readiness must be written to their status.
	simulated bool
	// printf tells the user what to do, where bench cannot do it.
	printf func(format string, args ...any)
}

// provoke takes the pod away. It returns after the API's answer, with the time at which the request was sent that took effect: evictions
// before it may have been refused.
func (p provoker) provoke(ctx context.Context, pod watch.Pod) (sent time.Time, err error) {
	sent = time.Now()
	switch p.mode {
	case report.ModeForce:
		err = p.remove(ctx, pod, new(int64(0)))
	case report.ModeEvict:
		sent, err = p.evict(ctx, pod)
	case report.ModeReadiness:
		err = p.loseReadiness(ctx, pod)
	case report.ModeCrash:
		err = p.crash(ctx, pod)
	case report.ModeFreeze:
		err = p.post(ctx, pod, "freeze", "for", frozenFor.String())
	case report.ModeNode:
		sent, err = p.awaitSilence(ctx, pod)
	default:
		err = p.remove(ctx, pod, nil)
	}
	if err != nil {
		return sent, fmt.Errorf("failed to %s pod %s: %w", p.mode, pod.Name, err)
	}
	return sent, nil
}

// restore makes the Service ready for the next failover, where that does not happen by itself.
func (p provoker) restore(ctx context.Context, pod watch.Pod) error {
	if unannounced(p.mode) {
		if err := p.forgetLosses(ctx); err != nil {
			return err
		}
	}
	switch {
	case p.mode == report.ModeNode:
		p.printf("Now switch the node of pod %s on again", pod.Name)
	case p.mode == report.ModeReadiness && p.simulated:
		return p.writeReady(ctx, pod, corev1.ConditionTrue)
	case p.mode == report.ModeCrash:
		// The kubelet waits longer before each restart of the same pod, up to five minutes. A new pod starts at once.
		if err := p.remove(ctx, pod, nil); err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("failed to replace crashed pod %s: %w", pod.Name, err)
		}
	}
	return nil
}

// remove deletes the pod with this UID, never a later one of the same name.
func (p provoker) remove(ctx context.Context, pod watch.Pod, grace *int64) error {
	return p.client.CoreV1().Pods(p.namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{
		GracePeriodSeconds: grace, Preconditions: metav1.NewUIDPreconditions(string(pod.UID)),
	})
}

// evict sends evictions until the disruption budget admits one, and returns when that one was sent. The client's own retries are disabled:
// while the disruption controller has not processed the last eviction, the API server asks clients to wait ten seconds, which would count
// as part of the failover.
func (p provoker) evict(ctx context.Context, pod watch.Pod) (sent time.Time, err error) {
	body := &policyv1.Eviction{
		ObjectMeta:    metav1.ObjectMeta{Name: pod.Name, Namespace: p.namespace},
		DeleteOptions: &metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(pod.UID))},
	}
	_ = wait.PollUntilContextCancel(ctx, evictRetryDelay, true, func(ctx context.Context) (bool, error) {
		sent = time.Now()
		err = p.client.PolicyV1().RESTClient().Post().AbsPath("/api/v1").Namespace(p.namespace).Resource("pods").Name(pod.Name).
			SubResource("eviction").Body(body).MaxRetries(0).Do(ctx).Error()
		return !apierrors.IsTooManyRequests(err), nil
	})
	return sent, err
}

func (p provoker) loseReadiness(ctx context.Context, pod watch.Pod) error {
	if p.simulated {
		return p.writeReady(ctx, pod, corev1.ConditionFalse)
	}
	return p.post(ctx, pod, "unready", "for", unreadyFor.String())
}

// crash ends the pod's process. Its answer may be lost, so only those errors count that say that the request did not reach the pod. The
// watch shows whether it crashed. Simulated pods cannot crash (see checkSimulated).
func (p provoker) crash(ctx context.Context, pod watch.Pod) error {
	err := p.post(ctx, pod, "crash")
	if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) || ctx.Err() != nil {
		return err
	}
	return nil
}

// post sends a request to the pod's server through the API server, which reaches pods wherever bench runs.
func (p provoker) post(ctx context.Context, pod watch.Pod, path string, query ...string) error {
	request := p.client.CoreV1().RESTClient().Post().Namespace(p.namespace).Resource("pods").
		Name(pod.Name + ":" + strconv.Itoa(testbed.ServerPort)).SubResource("proxy").Suffix(path)
	for i := 0; i+1 < len(query); i += 2 {
		request = request.Param(query[i], query[i+1])
	}
	// No retry: a second request would crash the restarted process, or prolong the failing probe.
	return request.MaxRetries(0).Do(ctx).Error()
}

func (p provoker) writeReady(ctx context.Context, pod watch.Pod, ready corev1.ConditionStatus) error {
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"uid": pod.UID}, // the API server refuses the patch for a later pod of the same name
		"status": map[string]any{"conditions": []corev1.PodCondition{{
			Type: corev1.PodReady, Status: ready, Reason: "TanistBench", LastTransitionTime: metav1.Now(),
		}}},
	})
	if err != nil {
		return fmt.Errorf("failed to encode status: %w", err)
	}
	_, err = p.client.CoreV1().Pods(p.namespace).Patch(ctx, pod.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
	return err
}
