//go:build e2e

package loss

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/test/env"
)

// loseLeadersPower takes the power of the leader's node away. At the end the node starts again, and its pods too.
func loseLeadersPower(t *testing.T, s *scene) (inject, end step) {
	t.Helper()
	node := s.leader.Spec.NodeName
	before := map[types.UID]string{}
	for _, pod := range s.podsOn(t, node) {
		before[pod.UID] = containerOf(pod)
	}
	inject = func(ctx context.Context) error {
		// The cable first and by itself: it takes a moment, and the processes take a hundred.
		if err := command(ctx, "ip", "link", "set", "dev", "tanist-"+node, "down"); err != nil {
			return err
		}
		return power(ctx, "kill", node)
	}
	end = func(ctx context.Context) error {
		if err := power(ctx, "start", node); err != nil {
			return err
		}
		// The API says of a node that was away for a moment that its pods are ready, as before.
		env.Await(t, "the pods of "+node+" have started again", func(context.Context) error {
			for _, pod := range s.podsOn(t, node) {
				if !env.IsReady(&pod) || before[pod.UID] == containerOf(pod) {
					return fmt.Errorf("%s has not", pod.Name)
				}
			}
			return nil
		})
		return nil
	}
	return inject, end
}

// losePowerWithAPI is loseLeadersPower while the API server does not answer, for a time.
func losePowerWithAPI(away time.Duration) func(*testing.T, *scene) (inject, end step) {
	return func(t *testing.T, s *scene) (inject, end step) {
		stop, resume := toAPIServer(t, s)
		lose, start := loseLeadersPower(t, s)
		inject = func(ctx context.Context) error {
			time.AfterFunc(away, func() { _ = resume(ctx) }) // the end resumes it too
			return all([]step{stop, lose})(ctx)
		}
		return inject, all([]step{resume, start})
	}
}

// unheardFor is how long Tanist has reached no kubelet before the power is lost.
const unheardFor = time.Minute

// losePowerWithoutKubelets is loseLeadersPower where Tanist reaches no kubelet.
func losePowerWithoutKubelets(t *testing.T, s *scene) (inject, end step) {
	t.Helper()
	deny, allow := denying(everyNode, toKubelet)(t, s)
	lose, start := loseLeadersPower(t, s)
	restore := env.Restoring(t, "kubelets that Tanist does not reach", allow)
	if err := deny(t.Context()); err != nil {
		t.Fatal(err)
	}
	pause(t, unheardFor)
	return lose, all([]step{start, func(context.Context) error { restore(); return nil }})
}

// podsOn are the workload's and Tanist's pods on a node.
func (b *testbed) podsOn(t *testing.T, node string) (found []corev1.Pod) {
	t.Helper()
	for _, namespace := range []string{b.namespace, env.TanistNamespace} {
		list, err := b.client.CoreV1().Pods(namespace).List(context.WithoutCancel(t.Context()), metav1.ListOptions{FieldSelector: "spec.nodeName=" + node})
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, list.Items...)
	}
	return found
}

func containerOf(pod corev1.Pod) string {
	if len(pod.Status.ContainerStatuses) == 0 {
		return ""
	}
	return pod.Status.ContainerStatuses[0].ContainerID
}

func power(ctx context.Context, verb, node string) error {
	return command(ctx, "tanist-cluster", "--name", filepath.Base(env.ClusterFolder()), "node", verb, node)
}

func command(ctx context.Context, name string, args ...string) error {
	if out, err := exec.CommandContext(ctx, name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %v: %w: %s", name, args, err, out)
	}
	return nil
}

// restartReplicas kills Tanist's replicas while the node is dead, and gives them time to make a mistake.
func restartReplicas(t *testing.T, s *scene) {
	t.Helper()
	for _, pod := range s.replicas.all() {
		main, _ := containerProcesses(t, pod.Name)
		if err := env.Kill(main); err != nil {
			t.Fatal(err)
		}
	}
	pause(t, restartTime)
	replicas(t, s.client)
	pause(t, restartTime)
}
