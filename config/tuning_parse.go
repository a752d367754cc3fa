package config

import (
	"github.com/go-json-experiment/json"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// tuningPath is the path of the tuning in its ConfigMap. Its fields follow, as in data[tuning.yaml].cache.preparedTTL.
var tuningPath = field.NewPath("data").Key(TuningKey)

// ParseTuningConfigMap parses the ConfigMap tanist-tuning. No ConfigMap (nil) and one without the key mean the defaults. Another key is
// an error, because its content would be ignored silently.
func ParseTuningConfigMap(configMap *corev1.ConfigMap) (Tuning, field.ErrorList) {
	if configMap == nil {
		return DefaultTuning(), nil
	}
	var errs field.ErrorList
	data, binary := field.NewPath("data"), field.NewPath("binaryData")
	wrong := wrongKeys(configMap.Data, func(key string) bool { return key != TuningKey })
	for _, key := range wrong.keys {
		errs = append(errs, field.NotSupported(data.Key(cut(key)), cut(key), []string{TuningKey}))
	}
	errs = append(errs, wrong.rest(data)...)
	wrong = wrongKeys(configMap.BinaryData, func(string) bool { return true })
	for _, key := range wrong.keys {
		errs = append(errs, field.Forbidden(binary.Key(cut(key)), "the tuning is text: it is read from data only"))
	}
	errs = append(errs, wrong.rest(binary)...)
	tuning, more := ParseTuning([]byte(configMap.Data[TuningKey]))
	return tuning, append(errs, more...)
}

// ParseTuning reads the content of tuning.yaml. A missing key, or one without a value, keeps its default. An unknown or duplicate key
// is an error.
//
// It checks in stages and returns the errors of the first stage that has any: the YAML, apiVersion and kind, keys and types, ranges.
// With an error, the Tuning returned is the default one and must not be used.
func ParseTuning(content []byte) (Tuning, field.ErrorList) {
	text, err := yamlToJSON(content)
	if err != nil {
		return DefaultTuning(), field.ErrorList{field.Invalid(tuningPath, field.OmitValueType{}, err.Error())}
	}
	tuning := DefaultTuning()
	errs := checkVersion(text)
	if len(errs) == 0 {
		errs = decode(text, &tuning)
	}
	if len(errs) == 0 {
		errs = tuning.validate()
	}
	if len(errs) > 0 {
		return DefaultTuning(), errs
	}
	return tuning, nil
}

// checkVersion rejects another apiVersion or kind than ours. It comes before the other keys, which may be unknown or mean something
// else there. decode reports a value that is not a string.
func checkVersion(text []byte) field.ErrorList {
	var found struct {
		APIVersion *string `json:"apiVersion"`
		Kind       *string `json:"kind"`
	}
	if err := json.Unmarshal(text, &found); err != nil {
		return nil
	}
	var errs field.ErrorList
	if found.APIVersion != nil && *found.APIVersion != TuningAPIVersion {
		errs = append(errs, field.NotSupported(tuningPath.Child("apiVersion"), cut(*found.APIVersion), []string{TuningAPIVersion}))
	}
	if found.Kind != nil && *found.Kind != TuningKind {
		errs = append(errs, field.NotSupported(tuningPath.Child("kind"), cut(*found.Kind), []string{TuningKind}))
	}
	return errs
}
