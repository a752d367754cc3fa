//go:build chart

package deploy_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	strictyaml "sigs.k8s.io/yaml"
)

const namespace = "tanist-system"

// image is the one value that has no default.
const image = "image.repository=registry.example.com/tanist"

// helm runs Helm in the chart's folder and returns its output.
func helm(args ...string) (string, error) {
	modfile, err := filepath.Abs("../tools/helm.mod")
	if err != nil {
		return "", err
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.Command("go", append([]string{"tool", "-modfile=" + modfile, "helm"}, args...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = "chart", &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%w: %s", err, stderr.String())
	}
	return stdout.String(), nil
}

// objects are the rendered objects. Those of client-go's scheme have their types, others are unstructured.
type objects []client.Object

// render renders the chart with values such as "admission.enabled=false".
func render(t *testing.T, values ...string) objects {
	t.Helper()
	args := []string{"template", "tanist", ".", "--namespace", namespace, "--set", image}
	for _, value := range values {
		args = append(args, "--set", value)
	}
	text, err := helm(args...)
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, text)
}

var defaultText = sync.OnceValues(func() (string, error) {
	return helm("template", "tanist", ".", "--namespace", namespace, "--set", image)
})

// renderDefault renders the chart with its default values, once for all tests.
func renderDefault(t *testing.T) objects {
	t.Helper()
	text, err := defaultText()
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, text)
}

var decoder = serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()

// decode decodes rendered objects. It fails the test at a field that the API does not have.
func decode(t *testing.T, text string) objects {
	t.Helper()
	var all objects
	documents := yaml.NewYAMLReader(bufio.NewReader(strings.NewReader(text)))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		object, _, err := decoder.Decode(document, nil, nil)
		if runtime.IsNotRegisteredError(err) {
			other := &unstructured.Unstructured{}
			object, err = other, strictyaml.UnmarshalStrict(document, &other.Object)
		}
		if err != nil {
			t.Fatalf("%v in:\n%s", err, document)
		}
		all = append(all, object.(client.Object))
	}
}

// get returns the only object of its type, or the one with a name.
func get[T client.Object](t *testing.T, all objects, name ...string) T {
	t.Helper()
	var found []T
	for _, object := range all {
		if typed, ok := object.(T); ok && (len(name) == 0 || object.GetName() == name[0]) {
			found = append(found, typed)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d objects of type %T %v, want 1", len(found), *new(T), name)
	}
	return found[0]
}

// list returns the kinds and names of the objects, such as "Service tanist", in the order of the rendering.
func (o objects) list() []string {
	var all []string
	for _, object := range o {
		all = append(all, object.GetObjectKind().GroupVersionKind().Kind+" "+object.GetName())
	}
	return all
}
