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
	"k8s.io/client-go/kubernetes"
)

const (
	// unreadyFor is how long a pod's readiness probe fails: long enough for a probe a second to notice.
	unreadyFor = 3 * time.Second
	// evictAgain is the pause after a PodDisruptionBudget refused an eviction.
	evictAgain = 250 * time.Millisecond
)

// provoker takes leaders away in one way.
type provoker struct {
	mode      Mode
	client    kubernetes.Interface
	namespace string
	// simulated says that no process runs in the pods: a lost readiness can only be written to their status.
	simulated bool
}

// provoke takes the pod away and returns when the request that did it was sent. It returns after the API's answer.
func (p provoker) provoke(ctx context.Context, pod podState) (sent time.Time, err error) {
	sent = time.Now()
	switch p.mode {
	case ModeForce:
		err = p.remove(ctx, pod, new(int64(0)))
	case ModeEvict:
		sent, err = p.evict(ctx, pod)
	case ModeReadiness:
		err = p.loseReadiness(ctx, pod)
	case ModeCrash:
		err = p.crash(ctx, pod)
	default:
		err = p.remove(ctx, pod, nil)
	}
	if err != nil {
		return sent, fmt.Errorf("failed to %s pod %s: %w", p.mode, pod.name, err)
	}
	return sent, nil
}

// restore brings back what does not come back by itself.
func (p provoker) restore(ctx context.Context, pod podState) error {
	switch {
	case p.mode == ModeReadiness && p.simulated:
		return p.writeReady(ctx, pod, corev1.ConditionTrue)
	case p.mode == ModeCrash:
		// The kubelet restarts a pod that crashes again and again later and later, up to five minutes: a new pod does not wait.
		if err := p.remove(ctx, pod, nil); err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("failed to replace crashed pod %s: %w", pod.name, err)
		}
	}
	return nil
}

// remove deletes this very pod, never another that has its name by now.
func (p provoker) remove(ctx context.Context, pod podState, grace *int64) error {
	return p.client.CoreV1().Pods(p.namespace).Delete(ctx, pod.name, metav1.DeleteOptions{
		GracePeriodSeconds: grace, Preconditions: metav1.NewUIDPreconditions(string(pod.uid)),
	})
}

// evict sends evictions until the disruption budget admits one, and returns when that one was sent. The client's own retries
// are switched off: after a refusal it would wait ten seconds, which would count as the failover's.
func (p provoker) evict(ctx context.Context, pod podState) (sent time.Time, err error) {
	body := &policyv1.Eviction{
		ObjectMeta:    metav1.ObjectMeta{Name: pod.name, Namespace: p.namespace},
		DeleteOptions: &metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(pod.uid))},
	}
	for {
		sent = time.Now()
		err = p.client.PolicyV1().RESTClient().Post().AbsPath("/api/v1").Namespace(p.namespace).Resource("pods").Name(pod.name).
			SubResource("eviction").Body(body).MaxRetries(0).Do(ctx).Error()
		if !apierrors.IsTooManyRequests(err) || pause(ctx, evictAgain) != nil {
			return sent, err
		}
	}
}

func (p provoker) loseReadiness(ctx context.Context, pod podState) error {
	if p.simulated {
		return p.writeReady(ctx, pod, corev1.ConditionFalse)
	}
	return p.post(ctx, pod, "unready", "for", unreadyFor.String())
}

// crash ends the pod's process. It may die before its answer has reached us; whether it did, the watch will say.
func (p provoker) crash(ctx context.Context, pod podState) error {
	err := p.post(ctx, pod, "crash")
	if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) || ctx.Err() != nil {
		return err
	}
	return nil
}

// post asks the pod's server through the API server, which reaches pods from wherever bench runs.
func (p provoker) post(ctx context.Context, pod podState, path string, query ...string) error {
	request := p.client.CoreV1().RESTClient().Post().Namespace(p.namespace).Resource("pods").
		Name(pod.name + ":" + strconv.Itoa(serverPort)).SubResource("proxy").Suffix(path)
	for i := 0; i+1 < len(query); i += 2 {
		request = request.Param(query[i], query[i+1])
	}
	return request.MaxRetries(0).Do(ctx).Error()
}

func (p provoker) writeReady(ctx context.Context, pod podState, ready corev1.ConditionStatus) error {
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"uid": pod.uid},
		"status": map[string]any{"conditions": []corev1.PodCondition{{
			Type: corev1.PodReady, Status: ready, Reason: "TanistBench", LastTransitionTime: metav1.Now(),
		}}},
	})
	if err != nil {
		return fmt.Errorf("failed to encode status: %w", err)
	}
	_, err = p.client.CoreV1().Pods(p.namespace).Patch(ctx, pod.name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
	return err
}
