package config

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"go.yaml.in/yaml/v3"
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
	for _, key := range slices.Sorted(maps.Keys(configMap.Data)) {
		if key != TuningKey {
			errs = append(errs, field.NotSupported(field.NewPath("data").Key(key), key, []string{TuningKey}))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(configMap.BinaryData)) {
		errs = append(errs, field.Forbidden(field.NewPath("binaryData").Key(key), "the tuning is text: it is read from data only"))
	}
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
		errs = append(errs, field.NotSupported(tuningPath.Child("apiVersion"), *found.APIVersion, []string{TuningAPIVersion}))
	}
	if found.Kind != nil && *found.Kind != TuningKind {
		errs = append(errs, field.NotSupported(tuningPath.Child("kind"), *found.Kind, []string{TuningKind}))
	}
	return errs
}

// yamlToJSON converts the one document. sigs.k8s.io/yaml would ignore a second document, and take yes for true.
func yamlToJSON(content []byte) ([]byte, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	var document, second any
	if err := decoder.Decode(&document); err != nil && !errors.Is(err, io.EOF) {
		return nil, errors.New(strings.Join(strings.Fields(err.Error()), " ")) // the library puts each mistake on its own line
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, errors.New("must be a single YAML document")
	}
	return json.Marshal(document, json.Deterministic(true))
}
