package webhook

import (
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/tanist-dev/tanist/config"
)

// sourceOf is the name of the Service that a leader Service was made for; empty for any other Service. Labels alone do not make a
// leader Service, because anybody can set them: a Service must control it too.
func sourceOf(service *corev1.Service) string {
	owner := metav1.GetControllerOfNoCopy(service)
	if owner == nil || owner.APIVersion != "v1" || owner.Kind != "Service" {
		return ""
	}
	if service.Labels[config.ManagedByKey] != config.ManagedBy && service.Labels[config.SourceServiceKey] != owner.Name {
		return ""
	}
	return owner.Name
}

// undone are the changes of a leader Service's spec that Tanist would undo. They are refused because until then they may send
// traffic to every pod (a selector) or nowhere. What was different before, and what changes to what Tanist writes, is not refused;
// so Tanist's own writes pass, whoever makes them.
func undone(service, old, kept *corev1.ServiceSpec, source string) field.ErrorList {
	detail := "Tanist keeps this leader Service of Service " + source + " and would undo the change: change Service " + source + " instead"
	is, was, want := reflect.ValueOf(*service), reflect.ValueOf(*old), reflect.ValueOf(*kept)
	differ := func(i int, a, b reflect.Value) bool {
		return !apiequality.Semantic.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface())
	}
	retyped := service.Type != old.Type && service.Type != kept.Type // which sets other fields too
	var errs field.ErrorList
	for i := range is.NumField() {
		name, _, _ := strings.Cut(is.Type().Field(i).Tag.Get("json"), ",")
		if slices.Contains(allocated, name) || retyped && name != "type" && name != "selector" {
			continue
		}
		if differ(i, is, was) && differ(i, is, want) {
			errs = append(errs, field.Forbidden(field.NewPath("spec", name), detail))
		}
	}
	return errs
}

// allocated are the fields of a Service's spec whose values the API server chooses and guards.
var allocated = []string{"clusterIP", "clusterIPs", "healthCheckNodePort"}
