package store

import (
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
)

// trim reduces an object to what the controllers use, before an informer keeps it. Without this, the cluster's pods would take most of a
// replica's memory. An object of an unknown type, such as a tombstone, is returned as it is.
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

// trimMeta keeps what identifies an object, its owners, its labels, our annotations, and whether it is being deleted.
func trimMeta(meta metav1.ObjectMeta) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name: meta.Name, Namespace: meta.Namespace, UID: meta.UID, ResourceVersion: meta.ResourceVersion,
		CreationTimestamp: meta.CreationTimestamp, DeletionTimestamp: meta.DeletionTimestamp,
		DeletionGracePeriodSeconds: meta.DeletionGracePeriodSeconds,
		Labels:                     meta.Labels, Annotations: ourAnnotations(meta.Annotations), OwnerReferences: meta.OwnerReferences,
	}
}

// trimService keeps, besides our annotations, those that are copied to a leader Service. It keeps them on both Services.
func trimService(service *corev1.Service) {
	annotations := copyableAnnotations(service.Annotations)
	service.ObjectMeta = trimMeta(service.ObjectMeta)
	service.Annotations = annotations
	service.Status = corev1.ServiceStatus{}
}

// copyableAnnotations returns our annotations, and those that one of them asks to copy.
func copyableAnnotations(annotations map[string]string) map[string]string {
	kept := ourAnnotations(annotations)
	for _, key := range config.SplitKeys(annotations[config.CopyAnnotationsKey]) {
		if value, found := annotations[key]; found {
			kept[key] = value
		}
	}
	return kept
}

// trimSlice keeps only the metadata of slices that Kubernetes' controllers make: a mirrored slice of a user's Endpoints may be long.
func trimSlice(slice *discoveryv1.EndpointSlice) {
	slice.ManagedFields = nil
	owner := metav1.GetControllerOfNoCopy(slice)
	if slice.Labels[discoveryv1.LabelManagedBy] == leaderslice.EndpointSliceController || owner != nil && owner.Kind == "Endpoints" {
		slice.Endpoints, slice.Ports = nil, nil
	}
}

// ourAnnotations returns the annotations of our domain. It drops one that no controller reads, because every pod with a drain window has
// it.
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
