package trim

import (
	"maps"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
)

// Transform reduces an object to what the controllers use, before an informer keeps it. Without this, the cluster's pods would take most of a
// replica's memory. An object of an unknown type, such as a tombstone, is returned as it is. So is one that was trimmed before: what a page
// of a list had comes from the informer once more.
func Transform(object any) (any, error) {
	if reduced, ok := object.(metav1.Object); ok && marked(reduced) {
		return object, nil
	}
	switch object := object.(type) {
	case *corev1.Pod:
		return Pod(object), nil
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
	case *coordinationv1.Lease:
		return trimLease(object), nil
	case *corev1.ConfigMap:
		object.ManagedFields = nil
	}
	return object, nil
}

// Object reduces a Service or an EndpointSlice that was read from the API server, in place and as the informers do.
func Object(object client.Object) error {
	_, err := Transform(object)
	return err
}

// trimService keeps, besides our annotations, those that are copied to a leader Service. It keeps them on both Services. Of the status it keeps
// our conditions.
func trimService(service *corev1.Service) {
	annotations, managed := ServiceAnnotations(service.Annotations), preferredManager(service)
	service.ObjectMeta = trimMeta(service.ObjectMeta)
	service.Annotations, service.ManagedFields = annotations, managed
	service.Status = corev1.ServiceStatus{Conditions: leaderConditions(service.Status.Conditions)}
	boundService(service)
	shareMeta(&service.ObjectMeta)
	service.Spec.Selector = sharedTexts(service.Spec.Selector)
	if maps.Equal(service.Annotations, onlyEnabled) {
		service.Annotations = onlyEnabled
	}
}

// onlyEnabled are the annotations of most Services that have opted in, which share this map. It must not be modified.
var onlyEnabled = map[string]string{config.EnabledKey: "true"}

// ServiceAnnotations returns our annotations, and those that one of them asks to copy.
func ServiceAnnotations(annotations map[string]string) map[string]string {
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
	boundSlice(slice)
	shareMeta(&slice.ObjectMeta)
}

// trimStatefulSet keeps what says which pods the StatefulSet will delete or replace.
func trimStatefulSet(set *appsv1.StatefulSet) *appsv1.StatefulSet {
	return &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: set.Namespace, Name: set.Name, UID: set.UID, ResourceVersion: set.ResourceVersion,
			DeletionTimestamp: set.DeletionTimestamp,
		},
		Spec: appsv1.StatefulSetSpec{
			Replicas: set.Spec.Replicas, Ordinals: set.Spec.Ordinals, UpdateStrategy: set.Spec.UpdateStrategy,
		},
		Status: appsv1.StatefulSetStatus{UpdateRevision: set.Status.UpdateRevision},
	}
}

// trimDaemonSet keeps what says which pods the DaemonSet will replace.
func trimDaemonSet(set *appsv1.DaemonSet) *appsv1.DaemonSet {
	return &appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: set.Namespace, Name: set.Name, UID: set.UID, ResourceVersion: set.ResourceVersion,
			DeletionTimestamp: set.DeletionTimestamp,
			Annotations:       withAnnotation(nil, set, appsv1.DeprecatedTemplateGeneration),
		},
		Spec: appsv1.DaemonSetSpec{UpdateStrategy: appsv1.DaemonSetUpdateStrategy{Type: set.Spec.UpdateStrategy.Type}},
	}
}

// trimDeployment keeps what says whether the Deployment replaces pods.
func trimDeployment(deployment *appsv1.Deployment) *appsv1.Deployment {
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: deployment.Namespace, Name: deployment.Name, UID: deployment.UID, ResourceVersion: deployment.ResourceVersion,
			DeletionTimestamp: deployment.DeletionTimestamp,
		},
		Spec: appsv1.DeploymentSpec{Paused: deployment.Spec.Paused},
	}
}

// trimPartial keeps the label with which a Namespace opts in, and the controller and revision of a ReplicaSet.
func trimPartial(meta *metav1.PartialObjectMetadata) {
	if meta.Namespace == "" {
		value, labelled := meta.Labels[config.EnabledKey]
		meta.ObjectMeta = metav1.ObjectMeta{
			Name: meta.Name, UID: meta.UID, ResourceVersion: meta.ResourceVersion, DeletionTimestamp: meta.DeletionTimestamp,
		}
		if labelled {
			meta.Labels = map[string]string{config.EnabledKey: value}
		}
		return
	}
	meta.ObjectMeta = metav1.ObjectMeta{
		Namespace: meta.Namespace, Name: meta.Name, UID: meta.UID, ResourceVersion: meta.ResourceVersion,
		CreationTimestamp: meta.CreationTimestamp, OwnerReferences: controllerOf(meta.OwnerReferences),
		Annotations: withAnnotation(nil, meta, RevisionAnnotation),
	}
	boundReplicaSet(meta)
}

// controllerOf keeps the reference to the controller alone.
func controllerOf(owners []metav1.OwnerReference) []metav1.OwnerReference {
	for i := range owners {
		if owners[i].Controller != nil && *owners[i].Controller {
			return owners[i : i+1 : i+1]
		}
	}
	return nil
}

// RevisionAnnotation has the number that a Deployment gives to its ReplicaSets. It grows with each rollout. A rollback gives the ReplicaSet
// of the older template the next number.
const RevisionAnnotation = "deployment.kubernetes.io/revision"
