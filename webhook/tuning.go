package webhook

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/validation/field"
	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/tanist-dev/tanist/config"
)

// tuningValidator rejects a ConfigMap tanist-tuning that Tanist would ignore because it is invalid.
type tuningValidator struct {
	// namespace is Tanist's own namespace. ConfigMaps elsewhere are not checked.
	namespace string
}

// handle checks the ConfigMap's namespace and name itself. The webhook configuration selects the same (namespaceSelector and
// matchConditions) and leaves out upgrades, which are not recognised here. But an administrator can change that, and a caller other than the
// API server need not keep to it.
func (t tuningValidator) handle(_ context.Context, request ctrlwebhook.AdmissionRequest) (ctrlwebhook.AdmissionResponse, error) {
	configMap, err := decode[corev1.ConfigMap](request.Object)
	if err != nil {
		return ctrlwebhook.AdmissionResponse{}, err
	}
	if request.Namespace != t.namespace || configMap.Name != config.TuningConfigMap {
		return ctrlwebhook.Allowed(""), nil
	}
	old, err := decodeOld[corev1.ConfigMap](request)
	if err != nil {
		return ctrlwebhook.AdmissionResponse{}, err
	}
	if errs := introducedTuningErrors(configMap, old); len(errs) > 0 {
		return refused("ConfigMap", configMap.Name, errs), nil
	}
	return ctrlwebhook.Allowed(""), nil
}

// introducedTuningErrors returns what is wrong with the ConfigMap's data, if the request changes the data. Invalid data that was written
// while the webhook was unavailable or skipped does not block a change of labels or finalizers. Nor does anything block an update of a
// ConfigMap that is being deleted, because that may remove its last finalizer. old is nil for a new ConfigMap.
func introducedTuningErrors(configMap, old *corev1.ConfigMap) field.ErrorList {
	if configMap.DeletionTimestamp != nil ||
		old != nil && apiequality.Semantic.DeepEqual(old.Data, configMap.Data) &&
			apiequality.Semantic.DeepEqual(old.BinaryData, configMap.BinaryData) {
		return nil
	}
	_, errs := config.ParseTuningConfigMap(configMap)
	return errs
}
