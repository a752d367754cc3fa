package trim

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestPreferredBy(t *testing.T) {
	const of = `{"f:metadata":{"f:annotations":{"f:tanist.dev/preferred-leader":{}}}}`
	entry := func(manager, fields string, after time.Duration) metav1.ManagedFieldsEntry {
		at := metav1.NewTime(gen.T0.Add(after))
		return metav1.ManagedFieldsEntry{Manager: manager, FieldsV1: metav1.NewFieldsV1(fields), Time: &at}
	}
	other := entry("helm", `{"f:metadata":{"f:annotations":{"f:tanist.dev/enabled":{}}}}`, time.Hour)
	for name, test := range map[string]struct {
		prefers string
		fields  []metav1.ManagedFieldsEntry
		want    string
	}{
		"its manager":                         {prefers: "b2", fields: []metav1.ManagedFieldsEntry{entry("tanist-plugin", of, 0), other}, want: "tanist-plugin"},
		"the latest of several managers":      {prefers: "b2", fields: []metav1.ManagedFieldsEntry{entry("argocd", of, time.Second), entry("tanist-plugin", of, 0)}, want: "argocd"},
		"no preferred leader":                 {fields: []metav1.ManagedFieldsEntry{entry("tanist-plugin", of, 0)}},
		"nobody's":                            {prefers: "b2", fields: []metav1.ManagedFieldsEntry{other, {Manager: "x"}}},
		"a manager with the name of the mark": {prefers: "b2", fields: []metav1.ManagedFieldsEntry{entry(tooLarge[0].Manager, of, 0)}},
	} {
		t.Run(name, func(t *testing.T) {
			service := gen.WebService(func(s *corev1.Service) {
				if test.prefers != "" {
					s.Annotations[config.PreferredLeaderKey] = test.prefers
				}
				s.ManagedFields = test.fields
			})
			for _, times := range []string{"once", "twice"} { // an informer trims an object of a list twice
				if err := Object(service); err != nil {
					t.Fatal(err)
				}
				if got := PreferredBy(service); got != test.want {
					t.Errorf("trimmed %s, it is preferred by %q, want %q", times, got, test.want)
				}
				if TooLarge(service) || len(service.ManagedFields) > 1 {
					t.Errorf("trimmed %s, it has the managed fields %+v", times, service.ManagedFields)
				}
			}
		})
	}
}
