package trim

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/test/gen"
)

func TestHasCrashed(t *testing.T) {
	stopped := corev1.ContainerStateTerminated{ExitCode: 143, Reason: "Error"}
	cases := map[string]struct {
		pod  func(*corev1.Pod)
		want bool
	}{
		"a pod that was never restarted":                     {pod: func(*corev1.Pod) {}},
		"a resize that restarted the container":              {pod: gen.ResizedPod(2, 1, stopped)},
		"several resizes":                                    {pod: gen.ResizedPod(4, 3, stopped)},
		"a container that ended by itself when told to stop": {pod: gen.ResizedPod(2, 1, corev1.ContainerStateTerminated{Reason: "Completed"})},
		"a container that was killed after its grace period": {pod: gen.ResizedPod(2, 1, corev1.ContainerStateTerminated{ExitCode: 137, Reason: "Error"})},
		"a container that ran out of memory":                 {pod: gen.ResizedPod(2, 1, corev1.ContainerStateTerminated{ExitCode: 137, Reason: "OOMKilled"}), want: true},
		"a container that failed":                            {pod: gen.ResizedPod(2, 1, corev1.ContainerStateTerminated{ExitCode: 1, Reason: "Error"}), want: true},
		"more restarts than changes of the spec":             {pod: gen.ResizedPod(2, 2, stopped), want: true},
		"a pod whose spec was never changed":                 {pod: gen.ResizedPod(1, 1, stopped), want: true},
		"an API server that does not set the generation":     {pod: gen.ResizedPod(0, 1, stopped), want: true},
		"a container that is resized without a restart": {
			pod: func(pod *corev1.Pod) {
				gen.ResizedPod(2, 1, stopped)(pod)
				pod.Spec.Containers[0].ResizePolicy = pod.Spec.Containers[0].ResizePolicy[:1]
			},
			want: true,
		},
		"an unknown last state": {
			pod: func(pod *corev1.Pod) {
				gen.ResizedPod(2, 1, stopped)(pod)
				pod.Status.ContainerStatuses[0].LastTerminationState = corev1.ContainerState{}
			},
			want: true,
		},
		"another container crashed meanwhile": {
			pod: func(pod *corev1.Pod) {
				gen.ResizedPod(2, 1, stopped)(pod)
				pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: "other"})
				pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, corev1.ContainerStatus{Name: "other", RestartCount: 4})
			},
			want: true,
		},
		"a sidecar that was resized": {
			pod: func(pod *corev1.Pod) {
				gen.ResizedPod(2, 1, stopped)(pod)
				pod.Spec.Containers[0].RestartPolicy = new(corev1.ContainerRestartPolicyAlways)
				pod.Spec.InitContainers, pod.Spec.Containers = pod.Spec.Containers, nil
				pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses = pod.Status.ContainerStatuses, nil
			},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			pod := gen.ReadyPod("a1", test.pod)
			if got := HasCrashed(pod); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
			trimmed := Pod(pod)
			if got := HasCrashed(trimmed); got != test.want {
				t.Errorf("got %t for the trimmed pod, want %t", got, test.want)
			}
			if kept := len(trimmed.Status.ContainerStatuses); (kept > 0) != test.want {
				t.Errorf("kept %d container statuses", kept)
			}
		})
	}
}
