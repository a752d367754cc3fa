//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
)

// wanted is how many pods a workload asks for and the revision they should have; an error while its controller lags behind.
func (s *stage) wanted(ctx context.Context, a app) (replicas int32, revision string, err error) {
	if a.kind == kindStatefulSet {
		set, err := s.client.AppsV1().StatefulSets(s.namespace).Get(ctx, a.name, metav1.GetOptions{})
		if err != nil {
			return 0, "", err
		}
		if set.Status.ObservedGeneration != set.Generation {
			return 0, "", errors.New("the StatefulSet's change was not seen yet")
		}
		return *set.Spec.Replicas, set.Status.UpdateRevision, nil
	}
	deployment, err := s.client.AppsV1().Deployments(s.namespace).Get(ctx, a.name, metav1.GetOptions{})
	if err != nil {
		return 0, "", err
	}
	if deployment.Status.ObservedGeneration != deployment.Generation || deployment.Status.UpdatedReplicas != deployment.Status.Replicas {
		return 0, "", errors.New("the Deployment's change is under way")
	}
	return *deployment.Spec.Replicas, "", nil
}

// hasRevision is about StatefulSets: a Deployment counts its pods of the newest revision itself.
func hasRevision(pod corev1.Pod, revision string) bool {
	return revision == "" || pod.Labels[appsv1.ControllerRevisionHashLabelKey] == revision
}

func podReady(pod corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(condition corev1.PodCondition) bool {
		return condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue
	})
}

// prepare waits until the next disruption may come: all is settled, each app has pods on more than one node, with a drain window when
// they should have one, and requests succeed. Pods that stand in the way are replaced.
func (s *stage) prepare(t *testing.T) {
	t.Helper()
	for range 4 {
		s.settle(t)
		var unfit []string
		for _, a := range s.apps {
			pods, err := s.pods(t.Context(), a)
			if err != nil {
				t.Fatal(err)
			}
			unfit = append(unfit, s.unfit(pods, s.leader(t, a).Name)...)
		}
		if len(unfit) == 0 {
			s.flow(t)
			return
		}
		t.Logf("replaced, being without a drain window, with one, or on a node with all others: %q", unfit)
		s.kubectl(t, append([]string{"delete", "pods", "--wait=false"}, unfit...)...)
	}
	t.Fatal("pods could not be spread over the nodes, with a drain window")
}

// unfit are those of an app's pods that must be replaced: the scheduler places one that comes anew on a node without any.
func (s *stage) unfit(pods []corev1.Pod, leader string) (names []string) {
	nodes := map[string]bool{}
	follower := ""
	for _, pod := range pods {
		nodes[pod.Spec.NodeName] = true
		if pod.Name != leader {
			follower = pod.Name
		}
		if window, _ := config.DrainWindowOf(&pod.Spec); (window > 0) != s.windowed {
			names = append(names, pod.Name)
		}
	}
	if len(names) == 0 && len(nodes) < 2 {
		names = append(names, follower)
	}
	return names
}

// lead makes a pod the leader, and leaves it to be one like any other.
func (s *stage) lead(t *testing.T, a app, pod string) {
	t.Helper()
	s.kubectl(t, "annotate", "--overwrite", "service/"+a.name, config.PreferredLeaderKey+"="+pod)
	await(t, pod+" leads", patience, func(ctx context.Context) error {
		leader, err := s.leaderNow(ctx, a)
		if err == nil && leader.Name != pod {
			err = fmt.Errorf("%s leads", leader.Name)
		}
		return err
	})
	s.kubectl(t, "annotate", "service/"+a.name, config.PreferredLeaderKey+"-")
}

// kubectl runs it in the stage's namespace, as a user does.
func (s *stage) kubectl(t *testing.T, args ...string) {
	t.Helper()
	run(t, "kubectl", append([]string{"--namespace", s.namespace}, args...)...)
}

// drain is kubectl drain of all but the clients: the nodes share them, and what they see is what counts.
func (s *stage) drain(t *testing.T, node string) {
	t.Helper()
	run(t, "kubectl", "drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--pod-selector=!"+clientsLabel, "--timeout="+patience.String())
}

func (s *stage) uncordon(t *testing.T, node string) {
	t.Helper()
	run(t, "kubectl", "uncordon", node)
}

// rollOver sets what a rollout of a Deployment may add and miss.
func (s *stage) rollOver(t *testing.T, a app, surge, unavailable any) {
	t.Helper()
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"strategy": map[string]any{
		"rollingUpdate": map[string]any{"maxSurge": surge, "maxUnavailable": unavailable},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.client.AppsV1().Deployments(s.namespace).
		Patch(t.Context(), a.name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
}
