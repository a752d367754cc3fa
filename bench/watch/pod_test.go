package watch

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// testPod is a pod that is ready unless changed.
func testPod(name string, changes ...func(*corev1.Pod)) *corev1.Pod {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID("uid-" + name)},
		Status:     corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}},
	}
	for _, change := range changes {
		change(pod)
	}
	return pod
}

func terminating(pod *corev1.Pod) { pod.DeletionTimestamp = &metav1.Time{} }
func unready(pod *corev1.Pod)     { pod.Status.Conditions[0].Status = corev1.ConditionFalse }
func failed(pod *corev1.Pod)      { pod.Status.Phase = corev1.PodFailed }

func TestCanLead(t *testing.T) {
	able := []*corev1.Pod{testPod("ready")}
	unable := []*corev1.Pod{testPod("terminating", terminating), testPod("unready", unready), testPod("failed", failed), {}}
	for _, pod := range slices.Concat(able, unable) {
		if got, want := CanLead(pod), slices.Contains(able, pod); got != want {
			t.Errorf("pod %q can lead: %t, want %t", pod.Name, got, want)
		}
	}
}
