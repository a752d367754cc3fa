package webhook

import (
	"fmt"
	"slices"

	admissionv1 "k8s.io/api/admission/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/tanist-dev/tanist/config"
)

// decode decodes an object of a request. Field names are case-sensitive, as in the API server.
func decode[T any](raw runtime.RawExtension) (*T, error) {
	object := new(T)
	if err := json.Unmarshal(raw.Raw, object); err != nil {
		return nil, fmt.Errorf("failed to decode %T: %w", object, err)
	}
	return object, nil
}

// decodeOld decodes the old object of an update. It returns nil for a create request, which has none.
func decodeOld[T any](request ctrlwebhook.AdmissionRequest) (*T, error) {
	if request.Operation != admissionv1.Update {
		return nil, nil
	}
	return decode[T](request.OldObject)
}

// refused returns the response that the API server itself would give: kubectl prints the errors one by one.
func refused(kind, name string, errs field.ErrorList) ctrlwebhook.AdmissionResponse {
	if more := len(errs) - config.MaxErrors; more > 0 {
		errs = append(slices.Clone(errs[:config.MaxErrors]), field.Invalid(nil, field.OmitValueType{}, fmt.Sprintf("and %d more errors", more)))
	}
	status := apierrors.NewInvalid(schema.GroupKind{Kind: kind}, name, errs).Status()
	return ctrlwebhook.AdmissionResponse{AdmissionResponse: admissionv1.AdmissionResponse{Result: &status}}
}
