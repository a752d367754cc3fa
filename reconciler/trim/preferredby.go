package trim

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
)

// preferredField is how managed fields name the annotation that prefers a leader.
const preferredField = `"f:` + config.PreferredLeaderKey + `"`

// preferredFields are the managed fields of the annotation. All Services that have it share them.
var preferredFields = metav1.NewFieldsV1(`{"f:metadata":{"f:annotations":{` + preferredField + `:{}}}}`)

// PreferredBy returns the field manager that last wrote the preferred leader of a Service in memory, such as "tanist-plugin"; empty if it
// is not known.
func PreferredBy(service *corev1.Service) string {
	fields := service.GetManagedFields()
	if len(fields) != 1 || TooLarge(service) {
		return ""
	}
	return fields[0].Manager
}

// preferredManager returns what is kept of the managed fields of a Service: who last wrote its preferred leader. Most Services have none.
func preferredManager(service *corev1.Service) []metav1.ManagedFieldsEntry {
	if service.Annotations[config.PreferredLeaderKey] == "" {
		return nil
	}
	var newest *metav1.ManagedFieldsEntry
	for i := range service.ManagedFields {
		entry := &service.ManagedFields[i]
		if entry.FieldsV1 != nil && strings.Contains(entry.FieldsV1.GetRawString(), preferredField) && (newest == nil || newest.Time.Before(entry.Time)) {
			newest = entry
		}
	}
	if newest == nil || newest.Manager == tooLarge[0].Manager { // nobody may make up that mark
		return nil
	}
	return []metav1.ManagedFieldsEntry{{Manager: newest.Manager, FieldsV1: preferredFields, Time: newest.Time}}
}
