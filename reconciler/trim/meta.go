package trim

import (
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
)

// trimMeta keeps what identifies an object, its owners, its labels, our annotations, and whether it is being deleted.
func trimMeta(meta metav1.ObjectMeta) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name: meta.Name, Namespace: meta.Namespace, UID: meta.UID, ResourceVersion: meta.ResourceVersion,
		CreationTimestamp: meta.CreationTimestamp, DeletionTimestamp: meta.DeletionTimestamp,
		DeletionGracePeriodSeconds: meta.DeletionGracePeriodSeconds,
		Labels:                     meta.Labels, Annotations: ourAnnotations(meta.Annotations), OwnerReferences: meta.OwnerReferences,
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

// sharedTexts returns labels whose texts share their memory with those of other objects, in the same map. An object that the client decodes has a
// copy of each.
func sharedTexts(labels map[string]string) map[string]string {
	for key, value := range labels {
		labels[shared(key)] = shared(value) // a map takes over the memory of an equal key
	}
	return labels
}

// shareMeta makes the metadata share its texts, in place. What is too large must have been left out before: texts that nobody else has take twice
// the memory until the next garbage collection.
func shareMeta(meta *metav1.ObjectMeta) {
	meta.Namespace, meta.Labels = shared(meta.Namespace), sharedTexts(meta.Labels)
	for key, value := range meta.Annotations {
		meta.Annotations[shared(key)] = value // values differ
	}
}

// withAnnotation adds an annotation of an object with a number, if it has it, to those that are kept. What is too long is no number.
func withAnnotation(kept map[string]string, object metav1.Object, key string) map[string]string {
	value, found := object.GetAnnotations()[key]
	const longest = 32
	if !found || len(value) > longest {
		return kept
	}
	if kept == nil {
		kept = map[string]string{}
	}
	kept[key] = value
	return kept
}
