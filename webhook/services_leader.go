package webhook

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
)

// sourceOf returns the name of a leader Service's source Service; empty for any other Service. A leader Service has one of Tanist's labels,
// and is controlled by a Service. Labels alone prove nothing, because anyone can set them.
func sourceOf(service *corev1.Service) string {
	owner := metav1.GetControllerOfNoCopy(service)
	if owner == nil || !leaderslice.IsService(owner) {
		return ""
	}
	if service.Labels[config.ManagedByKey] != config.ManagedBy && service.Labels[config.SourceServiceKey] != owner.Name {
		return ""
	}
	return owner.Name
}

// handleDeletion warns whoever deletes a leader Service that Tanist keeps: it comes back, but its cluster IP, if it has one, does not.
func (s services) handleDeletion(ctx context.Context, request ctrlwebhook.AdmissionRequest) (ctrlwebhook.AdmissionResponse, error) {
	deleted, err := decode[corev1.Service](request.OldObject)
	if err != nil {
		return ctrlwebhook.AdmissionResponse{}, err
	}
	source := sourceOf(deleted)
	if !authenticated(ctx) || source == "" || deleted.DeletionTimestamp != nil || s.leaderServices.LeaderSpec(request.Namespace, deleted) == nil {
		return ctrlwebhook.Allowed(""), nil
	}
	again := "Tanist creates it again, with another cluster IP"
	if deleted.Spec.ClusterIP == corev1.ClusterIPNone {
		again = "Tanist creates it again"
	}
	return ctrlwebhook.Allowed("").WithWarnings(fmt.Sprintf("tanist: Service %s asks for the leader Service %s: %s. "+
		"To be rid of it, remove the annotation %s from Service %s", source, deleted.Name, again, config.EnabledKey, source)), nil
}

// withoutSettings returns an error for each setting that an update adds to a leader Service or changes there, and the Service without them. Tanist
// reads the settings of the source Service alone.
func withoutSettings(service, old *corev1.Service, source string) (*corev1.Service, field.ErrorList) {
	var errs field.ErrorList
	rest := *service
	rest.Annotations = maps.Clone(service.Annotations)
	for _, key := range slices.Sorted(maps.Keys(service.Annotations)) {
		if before, found := old.Annotations[key]; !config.IsServiceKey(key) || found && before == service.Annotations[key] {
			continue
		}
		delete(rest.Annotations, key)
		errs = append(errs, field.Forbidden(annotationsPath.Key(key),
			"has no effect on a leader Service: this is the leader Service of Service "+source+", so annotate Service "+source+" instead"))
	}
	return &rest, errs
}

// forbiddenChanges returns an error for each field of a leader Service's spec whose change Tanist would undo. Until then the change might
// send traffic to every pod (a selector) or to none. A field that does not change, or that changes to what Tanist wants, is allowed. So
// Tanist's own writes are allowed, under whatever account it makes them. What Tanist wants is desired, and next once the change is made.
func forbiddenChanges(service, old, desired, next *corev1.ServiceSpec, source string) field.ErrorList {
	detail := "Tanist keeps this leader Service of Service " + source + " and would undo the change: change Service " + source + " instead"
	is, was, want, then := reflect.ValueOf(*service), reflect.ValueOf(*old), reflect.ValueOf(*desired), reflect.ValueOf(*next)
	differ := func(i int, a, b reflect.Value) bool {
		return !apiequality.Semantic.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface())
	}
	retyped := service.Type != old.Type && service.Type != desired.Type && service.Type != next.Type // this sets other fields, too
	var errs field.ErrorList
	for i := range is.NumField() {
		name, _, _ := strings.Cut(is.Type().Field(i).Tag.Get("json"), ",")
		if slices.Contains(allocated, name) || retyped && name != "type" && name != "selector" {
			continue
		}
		if differ(i, is, was) && differ(i, is, want) && differ(i, is, then) {
			errs = append(errs, field.Forbidden(field.NewPath("spec", name), detail))
		}
	}
	return errs
}

// allocated are the fields of a Service's spec that the API server allocates and validates.
var allocated = []string{"clusterIP", "clusterIPs", "healthCheckNodePort"}
