//go:build e2e

package grantnodes

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/env"
)

// errNotNow is returned by a fault that is not possible at the moment.
var errNotNow = errors.New("not now")

type step = func(context.Context) error

func nothing(context.Context) error { return nil }

// fault is one kind of fault.
type fault struct {
	name string
	// begin begins it, for a time. Its end must be called after that.
	begin func(ctx context.Context, lasts time.Duration) (end step, err error)
}

func (w *workload) faults(t *testing.T) []fault {
	t.Helper()
	for _, node := range w.nodes {
		prepareCuts(t, node)
	}
	return slices.Concat(w.planned(), w.unannounced(), []fault{
		{"the leader's node is cut off", func(ctx context.Context, lasts time.Duration) (step, error) {
			pod, err := w.leader(ctx)
			if err != nil {
				return nil, errNotNow
			}
			return nothing, cut(ctx, pod.Spec.NodeName, lasts)
		}},
		{"a replica's node is cut off", func(ctx context.Context, lasts time.Duration) (step, error) {
			replicas, err := w.replicas(ctx)
			if err != nil {
				return nil, err
			}
			return nothing, cut(ctx, replicas[0].Spec.NodeName, lasts)
		}},
		{"a replica is stopped", func(ctx context.Context, _ time.Duration) (step, error) {
			replicas, err := w.replicas(ctx)
			if err != nil {
				return nil, err
			}
			return stopping(&replicas[0])
		}},
		{"a replica is killed", func(ctx context.Context, _ time.Duration) (step, error) {
			replicas, err := w.replicas(ctx)
			if err != nil {
				return nil, err
			}
			pids, err := processes(&replicas[0])
			if err != nil {
				return nil, err
			}
			return func(ctx context.Context) error { return w.remove(ctx, &replicas[0], 0) }, env.Kill(pids)
		}},
		{"the API server is stopped", func(context.Context, time.Duration) (step, error) {
			pids, err := env.PIDsOfComponent("kube-apiserver", "")
			if err != nil {
				return nil, err
			}
			return func(context.Context) error { return env.Signal(pids, syscall.SIGCONT) }, env.Signal(pids, syscall.SIGSTOP)
		}},
	})
}

// planned are the hand-overs of a leader that still serves.
func (w *workload) planned() []fault {
	return []fault{
		w.deletion(),
		// The old leader goes on running, and may ask again at once: A to B to C, and back to A, within the length of a grant.
		{"the leader is to lead no longer", w.toLeader(func(ctx context.Context, pod *corev1.Pod) (step, error) {
			return func(ctx context.Context) error { return w.annotate(ctx, pod, "null") }, w.annotate(ctx, pod, `"false"`)
		})},
	}
}

func (w *workload) deletion() fault {
	return fault{"the leader is deleted", w.toLeader(func(ctx context.Context, pod *corev1.Pod) (step, error) {
		return nothing, w.remove(ctx, pod, 5)
	})}
}

// unannounced are the losses of a leader that cannot step down.
func (w *workload) unannounced() []fault {
	return []fault{
		{"the leader is deleted by force", w.toLeader(func(ctx context.Context, pod *corev1.Pod) (step, error) {
			return nothing, w.remove(ctx, pod, 0)
		})},
		{"the leader is stopped", w.toLeader(func(_ context.Context, pod *corev1.Pod) (step, error) { return stopping(pod) })},
		{"the leader is killed", w.toLeader(func(ctx context.Context, pod *corev1.Pod) (step, error) {
			pids, err := processes(pod)
			if err != nil {
				return nil, err
			}
			// A new pod follows, because the kubelet waits longer and longer before it starts a container again.
			return func(ctx context.Context) error { return w.remove(ctx, pod, 0) }, env.Kill(pids)
		})},
	}
}

// toLeader is a fault of the pod that leads, however long it lasts.
func (w *workload) toLeader(begin func(ctx context.Context, pod *corev1.Pod) (step, error)) func(context.Context, time.Duration) (step, error) {
	return func(ctx context.Context, _ time.Duration) (step, error) {
		pod, err := w.leader(ctx)
		if err != nil {
			return nil, errNotNow
		}
		return begin(ctx, pod)
	}
}

// replicas returns the replicas of Tanist. There must be two that are ready: the faults are of one.
func (w *workload) replicas(ctx context.Context) ([]corev1.Pod, error) {
	ready, err := env.ReadyReplicas(ctx, w.client)
	if err != nil || len(ready) < 2 {
		return nil, errNotNow
	}
	return ready, nil
}

func (w *workload) remove(ctx context.Context, pod *corev1.Pod, grace int64) error {
	err := w.client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{
		GracePeriodSeconds: &grace, Preconditions: metav1.NewUIDPreconditions(string(pod.UID)),
	})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil // an earlier fault has had that effect
	}
	return err
}

// annotate sets whether a pod may lead.
func (w *workload) annotate(ctx context.Context, pod *corev1.Pod, value string) error {
	patch := fmt.Sprintf(`{"metadata":{"annotations":{%q:%s}}}`, config.CandidateKey, value)
	_, err := w.client.CoreV1().Pods(pod.Namespace).Patch(ctx, pod.Name, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// processes returns a pod's processes; errNotNow if there are none, because it is about to start or has just ended.
func processes(pod *corev1.Pod) ([]int, error) {
	pids, err := env.PIDsOfPod(pod.Name)
	if err != nil {
		return nil, errors.Join(errNotNow, err)
	}
	return pids, nil
}

// stopping stops a pod's processes, and lets them go on at the end.
func stopping(pod *corev1.Pod) (step, error) {
	pids, err := processes(pod)
	if err != nil {
		return nil, err
	}
	return func(context.Context) error { return env.Signal(pids, syscall.SIGCONT) }, env.Signal(pids, syscall.SIGSTOP)
}

// cuts drop all packets that come in or go out by a node's link, while that is in the set. It leaves the set by itself.
const cuts = `add table inet grants; delete table inet grants; add table inet grants;
add set inet grants cut { type ifname; flags timeout; };
add chain inet grants pre { type filter hook prerouting priority -400; }; add rule inet grants pre iifname @cut drop;
add chain inet grants post { type filter hook postrouting priority 400; }; add rule inet grants post oifname @cut drop`

func prepareCuts(t *testing.T, node string) {
	t.Helper()
	if err := env.InNode(t.Context(), node, "nft", cuts); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := env.InNode(context.WithoutCancel(t.Context()), node, "nft", "add table inet grants; delete table inet grants"); err != nil {
			t.Errorf("failed to remove the rules: %v", err)
		}
	})
}

func cut(ctx context.Context, node string, lasts time.Duration) error {
	return env.InNode(ctx, node, "nft", fmt.Sprintf("add element inet grants cut { eth0 timeout %dms }", lasts.Milliseconds()))
}
