package webhook

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/validation/field"
	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/tanist-dev/tanist/config"
)

// tuning refuses a tuning that would not come into force.
type tuning struct {
	// namespace is Tanist's own namespace. Only its ConfigMap is the tuning.
	namespace string
}

func (t tuning) handle(_ context.Context, request ctrlwebhook.AdmissionRequest) (ctrlwebhook.AdmissionResponse, error) {
	configMap, err := decode[corev1.ConfigMap](request.Object)
	if err != nil {
		return ctrlwebhook.AdmissionResponse{}, err
	}
	old, err := decodeOld[corev1.ConfigMap](request)
	if err != nil {
		return ctrlwebhook.AdmissionResponse{}, err
	}
	if request.Namespace != t.namespace || configMap.Name != config.TuningConfigMap {
		return ctrlwebhook.Allowed(""), nil
	}
	if errs := newTuningErrors(configMap, old); len(errs) > 0 {
		return refused("ConfigMap", configMap.Name, errs), nil
	}
	return ctrlwebhook.Allowed(""), nil
}

// newTuningErrors returns what is wrong with the ConfigMap's data, if the request changes the data. Wrong data that was written while
// admission was not called does not block a change of labels or finalizers. old is nil for a new ConfigMap.
func newTuningErrors(configMap, old *corev1.ConfigMap) field.ErrorList {
	if configMap.DeletionTimestamp != nil ||
		old != nil && apiequality.Semantic.DeepEqual(old.Data, configMap.Data) &&
			apiequality.Semantic.DeepEqual(old.BinaryData, configMap.BinaryData) {
		return nil
	}
	_, errs := config.ParseTuningConfigMap(configMap)
	return errs
}
