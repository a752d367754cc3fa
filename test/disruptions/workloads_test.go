//go:build e2e

package disruptions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/env"
)

// wanted is how many pods a workload should have, and of which revision. It is an error as long as the controller has not caught up.
func (s *testbed) wanted(ctx context.Context, a app) (replicas int32, revision string, err error) {
	if a.kind == kindStatefulSet {
		set, err := s.client.AppsV1().StatefulSets(s.namespace).Get(ctx, a.name, metav1.GetOptions{})
		if err != nil {
			return 0, "", err
		}
		if set.Status.ObservedGeneration != set.Generation {
			return 0, "", errors.New("the StatefulSet's controller has not seen the change yet")
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

// hasRevision matters for StatefulSets alone: a Deployment counts its pods of the newest revision itself.
func hasRevision(pod corev1.Pod, revision string) bool {
	return revision == "" || pod.Labels[appsv1.ControllerRevisionHashLabelKey] == revision
}

// prepare waits until the next disruption may begin: everything has settled, each app has pods on more than one node, its pods have a
// drain window if they should, and requests succeed. It replaces pods that do not fit.
func (s *testbed) prepare(t *testing.T) {
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
		t.Logf("replaced pods that lack a drain window, should have none, or are on one node with all others: %q", unfit)
		s.kubectl(t, append([]string{"delete", "pods", "--wait=false"}, unfit...)...)
	}
	t.Fatal("pods could not be spread over the nodes, with a drain window")
}

// unfit are the pods of an app that must be replaced. The scheduler places a new pod on a node that has none.
func (s *testbed) unfit(pods []corev1.Pod, leader string) (names []string) {
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

// lead makes a pod the leader, and takes the preference back.
func (s *testbed) lead(t *testing.T, a app, pod string) {
	t.Helper()
	s.kubectl(t, "annotate", "--overwrite", "service/"+a.name, config.PreferredLeaderKey+"="+pod)
	env.Await(t, pod+" leads", func(ctx context.Context) error {
		leader, err := s.leaderNow(ctx, a)
		if err == nil && leader.Name != pod {
			err = fmt.Errorf("%s leads", leader.Name)
		}
		return err
	})
	s.kubectl(t, "annotate", "service/"+a.name, config.PreferredLeaderKey+"-")
}

// kubectl runs kubectl in the testbed's namespace, as a user does.
func (s *testbed) kubectl(t *testing.T, args ...string) {
	t.Helper()
	env.Run(t, "kubectl", append([]string{"--namespace", s.namespace}, args...)...)
}

// drain drains a node of all pods but the clients, which must go on counting.
func (s *testbed) drain(t *testing.T, node string) {
	t.Helper()
	env.Run(t, "kubectl", "drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--pod-selector=!"+clientsLabel, "--timeout="+env.Timeout.String())
}

func (s *testbed) uncordon(t *testing.T, node string) {
	t.Helper()
	env.Run(t, "kubectl", "uncordon", node)
}

// rollOver sets a Deployment's maxSurge and maxUnavailable.
func (s *testbed) rollOver(t *testing.T, a app, surge, unavailable any) {
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
