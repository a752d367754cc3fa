//go:build integration

package integration_test

import (
	"fmt"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
)

// noProbe makes a pod one that is ready as soon as it runs.
func noProbe(pod *corev1.Pod) { pod.Spec.Containers[0].ReadinessProbe = nil }

func TestAPortThatNoPodHasYetLeavesTheLeader(t *testing.T) {
	newTanist(t).startElected()
	s, first := pair(t)
	s.patchService("web", `{"spec":{"ports":[{"name":"http","port":80,"targetPort":"web"},{"name":"admin","port":9000,"targetPort":"admin"}]}}`)
	s.warned("web", "LeaderIncomplete", `"admin"`)
	s.awaitPodEvents()
	s.stays("web", first)
	s.withReadyPod("web", "c", func(pod *corev1.Pod) {
		pod.Spec.Containers[0].Ports = append(pod.Spec.Containers[0].Ports, corev1.ContainerPort{Name: "admin", ContainerPort: 9000})
	})
	moved := s.leads("web", "c")
	if moved.Term <= first.Term || moved.Reason != "LeaderIncomplete" {
		t.Errorf("got %+v", moved)
	}
	slice := history.slice(s.namespace, "web-leader-ipv4")
	if len(slice.Ports) != 2 {
		t.Errorf("got ports %v", slice.Ports)
	}
	s.terminate("c") // a leader with some of the ports is better than none
	if back := s.leads("web", "a"); back.Reason != "LeaderDeleted" {
		t.Errorf("got %+v", back)
	}
}

func TestAJobsPodLeadsOnlyWhileNoOtherCan(t *testing.T) {
	newTanist(t).startElected()
	s := newNamespace(t)
	s.withService("web")
	s.withReadyPod("web", "a")
	first := s.leads("web", "a")
	s.withReadyPod("web", "job", func(pod *corev1.Pod) { pod.Spec.RestartPolicy = corev1.RestartPolicyNever })
	s.kill("a")
	job := s.leads("web", "job")
	s.withReadyPod("web", "b")
	back := s.leads("web", "b")
	if job.Term <= first.Term || back.Term <= job.Term || back.Reason != "RunsToCompletion" {
		t.Errorf("got %+v, then %+v", job, back)
	}
}

func TestAPausedDeploymentAnnouncesNothing(t *testing.T) {
	newTanist(t).startElected()
	s, start, _, second := leaderOfDeployment(t)
	s.patchDeployment("web", `{"spec":{"paused":true}}`)
	s.awaitDeploymentEvents()
	s.withReadyPod("web", "c", ofReplicaSet(second))
	s.awaitPodEvents()
	s.stays("web", start)
	s.patchDeployment("web", `{"spec":{"paused":false}}`)
	if moved := s.leads("web", "c"); moved.Term <= start.Term || moved.Reason != "Rollout" {
		t.Errorf("got %+v", moved)
	}
}

// awaitDeploymentEvents waits until Tanist has seen all events of Deployments. It resumes one.
func (s *testNamespace) awaitDeploymentEvents() {
	s.t.Helper()
	name := fmt.Sprint("marker-", addresses.Add(1))
	older, newer := s.withReplicaSet(name+"-older", 1, s.ofDeployment(name)), s.withReplicaSet(name+"-newer", 2, s.ofDeployment(name))
	s.patchDeployment(name, `{"spec":{"paused":true}}`)
	s.withService(name)
	s.withReadyPod(name, name+"-0", ofReplicaSet(older))
	s.leads(name, name+"-0")
	s.withReadyPod(name, name+"-1", ofReplicaSet(newer))
	s.patchDeployment(name, `{"spec":{"paused":false}}`)
	s.leads(name, name+"-1")
}

func TestADaemonSetAnnouncesWhatItsStrategyReplaces(t *testing.T) {
	newTanist(t).startElected()
	s := newNamespace(t)
	labels := map[string]string{"app": "web"}
	sets := clientset.AppsV1().DaemonSets(s.namespace)
	set, err := sets.Create(t.Context(), &appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: appsv1.DaemonSetSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				// No node gets a pod but those that the test creates.
				Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "none"}}, NodeSelector: map[string]string{"none": ""}},
			},
			UpdateStrategy: appsv1.DaemonSetUpdateStrategy{Type: appsv1.OnDeleteDaemonSetStrategyType},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	change := func(body string) {
		t.Helper()
		set = patch(t, sets, types.MergePatchType, "web", body)
	}
	ofSet := func(hash string) func(*corev1.Pod) {
		return func(pod *corev1.Pod) {
			pod.Labels["controller-revision-hash"] = hash
			pod.Labels["pod-template-generation"] = set.Annotations[appsv1.DeprecatedTemplateGeneration]
			pod.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "DaemonSet", Name: set.Name, UID: set.UID, Controller: new(true)}}
		}
	}
	s.withService("web")
	s.withReadyPod("web", "a", ofSet("v1"))
	first := s.leads("web", "a")
	change(`{"spec":{"template":{"metadata":{"annotations":{"revision":"2"}}}}}`)
	s.withReadyPod("web", "b", ofSet("v2"))
	s.awaitPodEvents()
	s.stays("web", first)
	change(`{"spec":{"updateStrategy":{"type":"RollingUpdate"}}}`)
	if moved := s.leads("web", "b"); moved.Term <= first.Term || moved.Reason != "Rollout" {
		t.Errorf("got %+v", moved)
	}
}

func TestAPodWithoutAReadinessProbeWaitsFiveSecondsAndIsReported(t *testing.T) {
	newTanist(t).startElected()
	s, start, _, second := leaderOfDeployment(t)
	s.withReadyPod("web", "c", ofReplicaSet(second), noProbe)
	s.awaitPodEvents()
	s.stays("web", start)
	ready := history.pod(s.namespace, "c").Status.Conditions[0].LastTransitionTime
	s.leads("web", "c")
	since, err := time.Parse(time.RFC3339, history.slice(s.namespace, "web-leader-ipv4").Annotations[config.LeaderSinceKey])
	if waited := since.Sub(ready.Time); err != nil || waited < config.DefaultMinReadyUnprobed {
		t.Errorf("waited for %s: %v", waited, err)
	}
	s.reported("web", "NoReadinessProbe", "pod c leads")
}
