package store

import (
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
)

// trim reduces an object to what the controllers look at, before an informer keeps it: a cluster's pods are most of what a replica
// holds in memory. What it does not know (a tombstone) passes through.
func trim(object any) (any, error) {
	switch object := object.(type) {
	case *corev1.Pod:
		return TrimPod(object), nil
	case *corev1.Service:
		trimService(object)
	case *discoveryv1.EndpointSlice:
		trimSlice(object)
	case *metav1.PartialObjectMetadata:
		trimPartial(object)
	case *corev1.Node:
		return trimNode(object), nil
	case *appsv1.StatefulSet:
		return trimStatefulSet(object), nil
	case *appsv1.DaemonSet:
		return trimDaemonSet(object), nil
	case *appsv1.Deployment:
		return trimDeployment(object), nil
	case *corev1.ConfigMap:
		object.ManagedFields = nil
	}
	return object, nil
}

// trimMeta keeps our annotations, labels and what says whose object it is and whether it goes.
func trimMeta(meta metav1.ObjectMeta) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name: meta.Name, Namespace: meta.Namespace, UID: meta.UID, ResourceVersion: meta.ResourceVersion,
		CreationTimestamp: meta.CreationTimestamp, DeletionTimestamp: meta.DeletionTimestamp,
		DeletionGracePeriodSeconds: meta.DeletionGracePeriodSeconds,
		Labels:                     meta.Labels, Annotations: ourAnnotations(meta.Annotations), OwnerReferences: meta.OwnerReferences,
	}
}

// trimService keeps the annotations that are copied to a leader Service too, on both.
func trimService(service *corev1.Service) {
	annotations := copyableAnnotations(service.Annotations)
	service.ObjectMeta = trimMeta(service.ObjectMeta)
	service.Annotations = annotations
	service.Status = corev1.ServiceStatus{}
}

// copyableAnnotations are those of our domain, and those that they ask to have copied.
func copyableAnnotations(annotations map[string]string) map[string]string {
	kept := ourAnnotations(annotations)
	for _, key := range config.SplitKeys(annotations[config.CopyAnnotationsKey]) {
		if value, found := annotations[key]; found {
			kept[key] = value
		}
	}
	return kept
}

// trimSlice keeps of what Kubernetes' controllers make only whose it is: a copy of a user's Endpoints may be long.
func trimSlice(slice *discoveryv1.EndpointSlice) {
	slice.ManagedFields = nil
	owner := metav1.GetControllerOfNoCopy(slice)
	if slice.Labels[discoveryv1.LabelManagedBy] == leaderslice.EndpointSliceController || owner != nil && owner.Kind == "Endpoints" {
		slice.Endpoints, slice.Ports = nil, nil
	}
}

// ourAnnotations are those of our domain that are read here. Every pod with a drain window has the one that is not.
func ourAnnotations(annotations map[string]string) map[string]string {
	var kept map[string]string
	for key, value := range annotations {
		if !strings.HasPrefix(key, config.Domain+"/") || key == config.DrainWindowAppliedKey {
			continue
		}
		if kept == nil {
			kept = map[string]string{}
		}
		kept[key] = value
	}
	return kept
}

func TrimPod(pod *corev1.Pod) *corev1.Pod {
	meta := trimMeta(pod.ObjectMeta)
	meta.Annotations = withAnnotation(meta.Annotations, pod, corev1.PodDeletionCost)
	return &corev1.Pod{
		ObjectMeta: meta,
		Spec: corev1.PodSpec{
			NodeName:       pod.Spec.NodeName,
			RestartPolicy:  trimRestartPolicy(pod),
			ReadinessGates: trimProbes(pod),
			HostNetwork:    pod.Spec.HostNetwork,
			Containers:     withDrainWindow(trimContainers(pod.Spec.Containers), &pod.Spec),
			InitContainers: trimSidecars(pod.Spec.InitContainers),
		},
		Status: corev1.PodStatus{
			Phase: pod.Status.Phase, PodIPs: pod.Status.PodIPs, Conditions: trimConditions(pod.Status.Conditions),
			ContainerStatuses: trimCrashes(pod),
		},
	}
}

// trimContainers keeps the named ports, which are the ones that a target port can ask for.
func trimContainers(containers []corev1.Container) []corev1.Container {
	var kept []corev1.Container
	for i := range containers {
		if ports := trimPorts(containers[i].Ports); len(ports) > 0 {
			kept = append(kept, corev1.Container{Name: containers[i].Name, Ports: ports})
		}
	}
	return kept
}

// withDrainWindow gives every container that is kept one preStop that stands for those of the pod's containers, so that
// config.DrainWindowOf has the same answer as before they and their ports were dropped. A pod without a window costs nothing.
func withDrainWindow(kept []corev1.Container, spec *corev1.PodSpec) []corev1.Container {
	window, ownHook := config.DrainWindowOf(spec)
	if window == 0 && !ownHook {
		return kept
	}
	preStop := &corev1.LifecycleHandler{}
	if window > 0 {
		preStop.Sleep = &corev1.SleepAction{Seconds: int64(window / time.Second)}
	}
	if ownHook {
		preStop.Exec = &corev1.ExecAction{}
	}
	if len(kept) == 0 {
		kept = []corev1.Container{{}}
	}
	for i := range kept {
		kept[i].Lifecycle = &corev1.Lifecycle{PreStop: preStop}
	}
	return kept
}

// trimSidecars keeps the init containers that run beside the others.
func trimSidecars(containers []corev1.Container) []corev1.Container {
	var kept []corev1.Container
	for i := range containers {
		if !leaderslice.Restartable(&containers[i]) {
			continue
		}
		for _, sidecar := range trimContainers(containers[i : i+1]) {
			sidecar.RestartPolicy = containers[i].RestartPolicy
			kept = append(kept, sidecar)
		}
	}
	return kept
}

func trimPorts(ports []corev1.ContainerPort) []corev1.ContainerPort {
	var kept []corev1.ContainerPort
	for _, port := range ports {
		if port.Name != "" {
			kept = append(kept, corev1.ContainerPort{Name: port.Name, ContainerPort: port.ContainerPort, Protocol: port.Protocol})
		}
	}
	return kept
}

func trimConditions(conditions []corev1.PodCondition) []corev1.PodCondition {
	var kept []corev1.PodCondition
	for _, condition := range conditions {
		if condition.Type == corev1.PodReady || condition.Type == corev1.DisruptionTarget {
			kept = append(kept, corev1.PodCondition{
				Type: condition.Type, Status: condition.Status, LastTransitionTime: condition.LastTransitionTime,
				Reason: condition.Reason,
			})
		}
	}
	return kept
}
