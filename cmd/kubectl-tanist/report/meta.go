package report

import (
	"maps"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/leaderslice"
)

// The types of the files. They name what is included of an object: everything else is left out.
const (
	apiVersion = "cli.tanist.dev/v1"
	kind       = "Report"
)

// Meta is what is included of an object's metadata.
type Meta struct {
	Namespace       string            `json:"namespace,omitempty"`
	Name            string            `json:"name"`
	UID             types.UID         `json:"uid,omitempty"`
	ResourceVersion string            `json:"resourceVersion,omitempty"`
	Generation      int64             `json:"generation,omitempty"`
	Created         *time.Time        `json:"created,omitempty"`
	Deleted         *time.Time        `json:"deleted,omitempty"`
	GraceSeconds    *int64            `json:"graceSeconds,omitempty"`
	Labels          map[string]string `json:"labels,omitempty"`
	// Annotations are Tanist's, and those that Tanist reads or writes. Of the others only the keys are included: kubectl apply, for one, writes
	// the whole object into an annotation.
	Annotations      map[string]string       `json:"annotations,omitempty"`
	OtherAnnotations []string                `json:"otherAnnotations,omitempty"`
	Owners           []metav1.OwnerReference `json:"owners,omitempty"`
	Finalizers       []string                `json:"finalizers,omitempty"`
	// Writers are who wrote the object, without what.
	Writers []Writer `json:"writers,omitempty"`
}

// Writer is one entry of the managed fields.
type Writer struct {
	Manager     string     `json:"manager"`
	Operation   string     `json:"operation"`
	Subresource string     `json:"subresource,omitempty"`
	Time        *time.Time `json:"time,omitempty"`
}

// readAnnotations are annotations of others that Tanist reads or writes.
var readAnnotations = []string{
	corev1.EndpointsLastChangeTriggerTime, corev1.PodDeletionCost, "deployment.kubernetes.io/revision", appsv1.DeprecatedTemplateGeneration,
}

func metaOf(o *metav1.ObjectMeta) Meta {
	m := Meta{
		Namespace: o.Namespace, Name: o.Name, UID: o.UID, ResourceVersion: o.ResourceVersion, Generation: o.Generation,
		Created: timeOf(&o.CreationTimestamp), Deleted: timeOf(o.DeletionTimestamp), GraceSeconds: o.DeletionGracePeriodSeconds,
		Labels: o.Labels, Owners: o.OwnerReferences, Finalizers: o.Finalizers,
	}
	for _, key := range slices.Sorted(maps.Keys(o.Annotations)) {
		if !leaderslice.IsTanistKey(key) && !slices.Contains(readAnnotations, key) {
			m.OtherAnnotations = append(m.OtherAnnotations, key)
			continue
		}
		if m.Annotations == nil {
			m.Annotations = map[string]string{}
		}
		m.Annotations[key] = o.Annotations[key]
	}
	for _, entry := range o.ManagedFields {
		m.Writers = append(m.Writers, Writer{entry.Manager, string(entry.Operation), entry.Subresource, timeOf(entry.Time)})
	}
	return m
}

// timeOf returns a time; nil if there is none.
func timeOf(t *metav1.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	utc := t.UTC()
	return &utc
}
