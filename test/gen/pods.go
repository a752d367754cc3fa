package gen

import (
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
)

// ReadyPod returns a pod that web selects, Ready for a minute. The readiness gate is the informers' trace of a readiness probe.
func ReadyPod(name string, changes ...func(*corev1.Pod)) *corev1.Pod {
	return Changed(&corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: name, UID: types.UID(name + "-uid"), ResourceVersion: "30",
			CreationTimestamp: metav1.NewTime(T0.Add(-time.Hour)), Labels: map[string]string{"app": "web"},
		},
		Spec: corev1.PodSpec{
			NodeName: "node-of-" + name, ReadinessGates: []corev1.PodReadinessGate{{ConditionType: config.Domain + "/probed"}},
			Containers: []corev1.Container{{
				Name: "main", Ports: []corev1.ContainerPort{{Name: "web", ContainerPort: 8080, Protocol: corev1.ProtocolTCP}},
			}},
		},
		Status: corev1.PodStatus{
			Phase:  corev1.PodRunning,
			PodIPs: []corev1.PodIP{{IP: "10.1.0." + name[len(name)-1:]}, {IP: "fd00::" + name[len(name)-1:]}},
			Conditions: []corev1.PodCondition{{
				Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(T0.Add(-time.Minute)),
			}},
		},
	}, changes)
}

// NotReady makes a pod not Ready.
func NotReady(pod *corev1.Pod) {
	pod.Status.Conditions[0].Status = corev1.ConditionFalse
}

// MarkedNotReady is how Kubernetes' node controller marks a pod on a node from which it no longer hears.
func MarkedNotReady(pod *corev1.Pod) {
	NotReady(pod)
	pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: corev1.ContainersReady, Status: corev1.ConditionTrue})
}

// Terminating begins a pod's deletion.
func Terminating(pod *corev1.Pod) {
	now := metav1.NewTime(T0)
	pod.DeletionTimestamp = &now
}

// DisruptionTarget adds the condition that announces an eviction.
func DisruptionTarget(pod *corev1.Pod) {
	pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue})
}

// ResizedPod gives a pod this generation, and a container that restarts when its memory is resized, with its restarts.
func ResizedPod(generation int64, restarts int32, last corev1.ContainerStateTerminated) func(*corev1.Pod) {
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

// PreStop returns a lifecycle with a preStop hook.
func PreStop(handler corev1.LifecycleHandler) *corev1.Lifecycle {
	return &corev1.Lifecycle{PreStop: &handler}
}

// OnNode places a pod on a node.
func OnNode(name string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) { pod.Spec.NodeName = name }
}

// MadeAt sets when a pod was created.
func MadeAt(at time.Time) func(*corev1.Pod) {
	return func(pod *corev1.Pod) { pod.CreationTimestamp = metav1.NewTime(at) }
}

// Controlled returns the owner reference of a controller, whose UID is its name and "-uid".
func Controlled(apiVersion, kind, name string) []metav1.OwnerReference {
	return []metav1.OwnerReference{{
		APIVersion: apiVersion, Kind: kind, Name: name, UID: types.UID(name + "-uid"), Controller: new(true),
	}}
}

// OwnedByReplicaSet makes a pod one of a ReplicaSet.
func OwnedByReplicaSet(name string) func(*corev1.Pod) {
	return OwnedByKind("apps/v1", "ReplicaSet", name, "pod-template-hash", name)
}

// OwnedByKind makes a pod one of any controller, and gives it a label unless the key is empty.
func OwnedByKind(apiVersion, kind, name, key, value string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.OwnerReferences = Controlled(apiVersion, kind, name)
		if key != "" {
			pod.Labels[key] = value
		}
	}
}

// OwnedByStatefulSet makes a pod one of StatefulSet db, with the index that its name has.
func OwnedByStatefulSet(revision string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		OwnedByKind("apps/v1", "StatefulSet", "db", "controller-revision-hash", revision)(pod)
		pod.Labels["apps.kubernetes.io/pod-index"] = strings.TrimPrefix(pod.Name, "db-")
	}
}

// OwnedByDaemonSet makes a pod one of DaemonSet agent, from this generation of its template.
func OwnedByDaemonSet(hash string, generation int) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		OwnedByKind("apps/v1", "DaemonSet", "agent", "controller-revision-hash", hash)(pod)
		pod.Labels["pod-template-generation"] = strconv.Itoa(generation)
	}
}
