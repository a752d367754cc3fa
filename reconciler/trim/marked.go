package trim

import corev1 "k8s.io/api/core/v1"

// MarkedNotReady reports whether a pod is not ready only because Kubernetes' node controller has marked it. It does so when it no longer hears from the
// node, and changes the condition Ready alone (k8s.io/kubernetes/pkg/controller/util/node, MarkPodsNotReady). The kubelet changes ContainersReady too, or
// gives a reason, and takes the mark away some seconds after it is heard again.
func MarkedNotReady(pod *corev1.Pod) bool {
	marked, serves := false, false
	for i := range pod.Status.Conditions {
		switch condition := &pod.Status.Conditions[i]; condition.Type {
		case corev1.PodReady:
			marked = condition.Status == corev1.ConditionFalse && condition.Reason == ""
		case corev1.ContainersReady:
			serves = condition.Status == corev1.ConditionTrue
		}
	}
	return marked && serves
}
