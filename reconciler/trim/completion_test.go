package trim

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/test/gen"
)

func TestRunsToCompletion(t *testing.T) {
	policy := func(policy corev1.RestartPolicy) func(*corev1.Pod) {
		return func(pod *corev1.Pod) { pod.Spec.RestartPolicy = policy }
	}
	container := func(ports bool, policy corev1.ContainerRestartPolicy) func(*corev1.Pod) {
		return func(pod *corev1.Pod) {
			if ports {
				pod.Spec.Containers[0].RestartPolicy = &policy
				return
			}
			pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: "other", RestartPolicy: &policy})
		}
	}
	ownedBy := func(apiVersion, kind string) func(*corev1.Pod) { return gen.OwnedByKind(apiVersion, kind, "o", "", "") }
	cases := map[string]struct {
		changes []func(*corev1.Pod)
		want    bool
	}{
		"a Deployment's pod":                             {changes: []func(*corev1.Pod){ownedBy("apps/v1", "ReplicaSet"), policy("Always")}},
		"a bare pod":                                     {changes: []func(*corev1.Pod){policy("Always")}},
		"a Job's pod":                                    {changes: []func(*corev1.Pod){ownedBy("batch/v1", "Job"), policy("OnFailure")}, want: true},
		"a Job's pod whose containers restart":           {changes: []func(*corev1.Pod){ownedBy("batch/v1", "Job"), policy("Never"), container(true, "Always")}, want: true},
		"a bare pod that runs once":                      {changes: []func(*corev1.Pod){policy("Never")}, want: true},
		"a bare pod that is restarted on failure":        {changes: []func(*corev1.Pod){policy("OnFailure")}, want: true},
		"a workflow's pod":                               {changes: []func(*corev1.Pod){ownedBy("argoproj.io/v1alpha1", "Workflow"), policy("Never")}, want: true},
		"a pod of a kind named Job in another API group": {changes: []func(*corev1.Pod){ownedBy("example.com/v1", "Job"), policy("Always")}},
		"one of two containers is always restarted":      {changes: []func(*corev1.Pod){policy("Never"), container(true, "Always"), container(false, "Never")}},
		"a container without ports is always restarted":  {changes: []func(*corev1.Pod){policy("Never"), container(false, "Always")}},
		"one of two containers runs once":                {changes: []func(*corev1.Pod){policy("Always"), container(true, "Never"), container(false, "Always")}},
		"all containers run once":                        {changes: []func(*corev1.Pod){policy("Always"), container(true, "Never"), container(false, "OnFailure")}, want: true},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			pod := gen.ReadyPod("a1", test.changes...)
			if got := RunsToCompletion(pod); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
			if got := RunsToCompletion(Pod(pod)); got != test.want {
				t.Errorf("got %t for the trimmed pod, want %t", got, test.want)
			}
		})
	}
}
