package config

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"reflect"
	"slices"

	"go.yaml.in/yaml/v3"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// tuningPath is where the tuning is in its ConfigMap; the fields in it follow, as in data[tuning.yaml].cache.preparedTTL.
var tuningPath = field.NewPath("data").Key(TuningKey)

// ParseTuningConfigMap reads the ConfigMap tanist-tuning. No ConfigMap (nil) and one without the key mean the defaults. Another key
// is an error: it is a misspelt one, and what it holds would be ignored without a word.
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

// ParseTuning reads the content of tuning.yaml. A key that is missing, or has no value, keeps its default; a key that is unknown or
// stands twice is an error. The errors are of one kind at a time: those of the text, then that it is of another version or kind, then
// those of its keys and types, then those of the values' ranges. With any error the Tuning returned is the default one, and not meant to be used.
func ParseTuning(content []byte) (Tuning, field.ErrorList) {
	document, err := parseYAML(content)
	if err != nil {
		return DefaultTuning(), field.ErrorList{field.Invalid(tuningPath, field.OmitValueType{}, err.Error())}
	}
	tuning := DefaultTuning()
	if document == nil {
		return tuning, nil
	}
	errs := checkVersion(document)
	if len(errs) == 0 {
		errs = decode(document, reflect.ValueOf(&tuning).Elem(), tuningPath)
	}
	if len(errs) == 0 {
		errs = tuning.validate()
	}
	if len(errs) > 0 {
		return DefaultTuning(), errs
	}
	return tuning, nil
}

// checkVersion reports an apiVersion or kind that is not ours. It comes before the other keys, which may mean something else there
// or be unknown here. What is no text is left to decode.
func checkVersion(document *yaml.Node) field.ErrorList {
	if document.Kind != yaml.MappingNode {
		return nil
	}
	supported := map[string]string{"apiVersion": TuningAPIVersion, "kind": TuningKind}
	var errs field.ErrorList
	for i := 0; i < len(document.Content); i += 2 {
		key, value := document.Content[i].Value, document.Content[i+1]
		if want, ok := supported[key]; ok && value.ShortTag() == "!!str" && value.Value != want {
			errs = append(errs, field.NotSupported(tuningPath.Child(key), value.Value, []string{want}))
		}
	}
	return errs
}

// parseYAML returns the one document's root; nil when there is nothing but comments.
func parseYAML(content []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	var document, second yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, err
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, errors.New("must be a single YAML document")
	}
	return document.Content[0], nil
}
