// Package examples_test checks the manifests in this folder. Users copy them, so a field or an annotation that is wrong here would be wrong in
// many clusters.
package examples_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/validation/field"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"

	"github.com/tanist-dev/tanist/config"
)

// strict refuses fields that the API does not have, and duplicate ones.
var strict = serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()

func TestExamples(t *testing.T) {
	for _, file := range examples(t) {
		t.Run(file, func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.HasPrefix(content, []byte("# ")) {
				t.Error("the file does not begin with a comment that says what it shows")
			}
			for _, document := range documents(t, content) {
				check(t, document)
			}
		})
	}
}

// TestThePageHasEveryExample checks that README.md links each file.
func TestThePageHasEveryExample(t *testing.T) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range examples(t) {
		if !strings.Contains(string(page), "["+file+"]("+file+")") {
			t.Errorf("README.md does not link %s", file)
		}
	}
}

func examples(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("found %d examples: %v", len(files), err)
	}
	return files
}

func documents(t *testing.T, content []byte) [][]byte {
	t.Helper()
	var all [][]byte
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(content)))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, document)
	}
}

// check reports what is wrong with a document. Of a kind that Kubernetes does not have, such as Argo CD's, it checks the YAML, the keys of ours
// and the tuning.
func check(t *testing.T, document []byte) {
	t.Helper()
	object, _, err := strict.Decode(document, nil, nil)
	if runtime.IsNotRegisteredError(err) {
		err = nil
	}
	content := map[string]any{}
	if err := errors.Join(err, yaml.UnmarshalStrict(document, &content)); err != nil {
		t.Fatalf("%v in:\n%s", err, document)
	}
	for _, key := range unknownKeys(content) {
		t.Errorf("Tanist does not know %s in:\n%s", key, document)
	}
	for _, wrong := range append(wrongObject(object), wrongValues(t, content)...) {
		t.Errorf("%v in:\n%s", wrong, document)
	}
}

// unknownKeys returns the keys of our domain, of labels and annotations at any depth, that Tanist does not know.
func unknownKeys(value any) []string {
	var unknown []string
	switch value := value.(type) {
	case map[string]any:
		for key, below := range value {
			if strings.HasPrefix(key, config.Domain+"/") && !slices.Contains(config.KnownKeys(), key) {
				unknown = append(unknown, key)
			}
			unknown = append(unknown, unknownKeys(below)...)
		}
	case []any:
		for _, below := range value {
			unknown = append(unknown, unknownKeys(below)...)
		}
	}
	return unknown
}

// wrongObject returns what Tanist itself would report of an object. It is empty for nil.
func wrongObject(object runtime.Object) []error {
	switch object := object.(type) {
	case *corev1.Namespace:
		if config.Mistyped(object.Labels) {
			return []error{errors.New("the label does not opt in")}
		}
	case *corev1.Service:
		_, errs := config.ParseOptions(object)
		return each(errs)
	case *corev1.ConfigMap:
		if object.Name == config.TuningConfigMap {
			_, errs := config.ParseTuningConfigMap(object)
			return each(errs)
		}
	case *appsv1.Deployment:
		return wrongTemplate(object.Spec.Template)
	case *appsv1.StatefulSet:
		return wrongTemplate(object.Spec.Template)
	}
	return nil
}

func wrongTemplate(template corev1.PodTemplateSpec) []error {
	wrong := each(config.UnknownPodAnnotations(template.Annotations))
	if _, err := config.ParsePriority(template.Annotations); err != nil {
		wrong = append(wrong, err)
	}
	if window := config.PodWindowFor(&corev1.Pod{ObjectMeta: template.ObjectMeta, Spec: template.Spec}, 0); window.Wrong != nil {
		wrong = append(wrong, window.Wrong)
	}
	if !config.Probed(&template.Spec) {
		wrong = append(wrong, errors.New("the pods have no readiness probe, against our own advice"))
	}
	return wrong
}

// wrongValues returns what is wrong with the tuning in the chart's values, where Argo CD and Flux have them.
func wrongValues(t *testing.T, content map[string]any) []error {
	t.Helper()
	var wrong []error
	for _, path := range [][]string{{"spec", "source", "helm", "valuesObject", "tuning"}, {"spec", "values", "tuning"}} {
		values, found, err := unstructured.NestedMap(content, path...)
		if err != nil || !found {
			continue // another kind, which has something else there
		}
		text, err := yaml.Marshal(values)
		if err != nil {
			t.Fatal(err)
		}
		_, errs := config.ParseTuning(text)
		wrong = append(wrong, each(errs)...)
	}
	return wrong
}

func each(errs field.ErrorList) []error {
	var all []error
	for _, err := range errs {
		all = append(all, err)
	}
	return all
}
