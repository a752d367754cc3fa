package reconciler

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// resizedPod is a pod whose spec was changed until it has this generation, and whose container restarts when it is resized.
func resizedPod(generation int64, restarts int32, last corev1.ContainerStateTerminated) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.Generation = generation
		pod.Spec.Containers[0].ResizePolicy = []corev1.ContainerResizePolicy{
			{ResourceName: corev1.ResourceCPU, RestartPolicy: corev1.NotRequired}, {ResourceName: corev1.ResourceMemory, RestartPolicy: corev1.RestartContainer},
		}
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
			Name: "main", RestartCount: restarts, LastTerminationState: corev1.ContainerState{Terminated: &last},
		}}
	}
}

func TestCrashes(t *testing.T) {
	stopped := corev1.ContainerStateTerminated{ExitCode: 143, Reason: "Error"}
	cases := map[string]struct {
		pod  func(*corev1.Pod)
		want int32
	}{
		"a pod that was never restarted":                     {pod: func(*corev1.Pod) {}},
		"a resize that restarted the container":              {pod: resizedPod(2, 1, stopped)},
		"several resizes":                                    {pod: resizedPod(4, 3, stopped)},
		"a container that ended by itself when it was told":  {pod: resizedPod(2, 1, corev1.ContainerStateTerminated{Reason: "Completed"})},
		"a container that was killed after its grace period": {pod: resizedPod(2, 1, corev1.ContainerStateTerminated{ExitCode: 137, Reason: "Error"})},
		"a container that needed more memory":                {pod: resizedPod(2, 1, corev1.ContainerStateTerminated{ExitCode: 137, Reason: "OOMKilled"}), want: 1},
		"a container that failed":                            {pod: resizedPod(2, 1, corev1.ContainerStateTerminated{ExitCode: 1, Reason: "Error"}), want: 1},
		"more restarts than changes":                         {pod: resizedPod(2, 2, stopped), want: 2},
		"a pod that was never changed":                       {pod: resizedPod(1, 1, stopped), want: 1},
		"an API server that does not count changes":          {pod: resizedPod(0, 1, stopped), want: 1},
		"a container that is resized without a restart": {
			pod: func(pod *corev1.Pod) {
				resizedPod(2, 1, stopped)(pod)
				pod.Spec.Containers[0].ResizePolicy = pod.Spec.Containers[0].ResizePolicy[:1]
			},
			want: 1,
		},
		"a last state that is not known": {
			pod: func(pod *corev1.Pod) {
				resizedPod(2, 1, stopped)(pod)
				pod.Status.ContainerStatuses[0].LastTerminationState = corev1.ContainerState{}
			},
			want: 1,
		},
		"another container crashed meanwhile": {
			pod: func(pod *corev1.Pod) {
				resizedPod(2, 1, stopped)(pod)
				pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: "other"})
				pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, corev1.ContainerStatus{Name: "other", RestartCount: 4})
			},
			want: 4,
		},
		"a sidecar that was resized": {
			pod: func(pod *corev1.Pod) {
				resizedPod(2, 1, stopped)(pod)
				pod.Spec.Containers[0].RestartPolicy = new(corev1.ContainerRestartPolicyAlways)
				pod.Spec.InitContainers, pod.Spec.Containers = pod.Spec.Containers, nil
				pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses = pod.Status.ContainerStatuses, nil
			},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			pod := readyPod("a1", test.pod)
			if got := crashes(pod); got != test.want {
				t.Errorf("got %d", got)
			}
			trimmed := trimPod(pod)
			if got := crashes(trimmed); got != test.want {
				t.Errorf("got %d of the trimmed pod", got)
			}
			if kept := len(trimmed.Status.ContainerStatuses); (kept > 0) != (test.want > 0) {
				t.Errorf("kept %d container statuses", kept)
			}
		})
	}
}
