package gen

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
)

// T0 is the time at which the tests' objects are as they are built.
var T0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Changed applies changes to an object and returns it.
func Changed[T any](object *T, changes []func(*T)) *T {
	for _, change := range changes {
		change(object)
	}
	return object
}

// NamesOf returns the sorted names of objects.
func NamesOf[T metav1.Object](objects []T) []string {
	var names []string
	for _, object := range objects {
		names = append(names, object.GetName())
	}
	slices.Sort(names)
	return names
}

// Namespace returns an opted-in namespace.
func Namespace(name string, change ...func(*metav1.PartialObjectMetadata)) *metav1.PartialObjectMetadata {
	meta := &metav1.PartialObjectMetadata{}
	meta.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	meta.Name, meta.Labels = name, map[string]string{config.EnabledKey: "true"}
	return Changed(meta, change)
}

// BeingDeleted begins the deletion of any object.
func BeingDeleted[T metav1.Object](object T) {
	now := metav1.NewTime(T0)
	object.SetDeletionTimestamp(&now)
}
