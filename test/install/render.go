package install

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// Release is the namespace that the chart is installed in.
const Release = "tanist-system"

// Configurations is the name that the chart gives to both webhook configurations.
const Configurations = Release + "-tanist"

// Secret is the secret of the webhooks' paths.
const Secret = "0123456789abcdefghijklmnopqrstuvwxyz"

// Render renders the chart with Helm, a secret, and the default values except those given, such as "replicas=3". The working directory must be two folders below the
// repository's, as it is in a test of a package in the folder test.
func Render(values ...string) ([]*unstructured.Unstructured, error) {
	tools, err := filepath.Abs("../../tools/helm.mod")
	if err != nil {
		return nil, err
	}
	var stdout, stderr bytes.Buffer
	args := []string{"tool", "-modfile=" + tools, "helm", "template", "tanist", "../../deploy/chart", "--namespace", Release}
	for _, value := range append(values, "image.repository=registry.example.com/tanist", "admission.secret="+Secret) {
		args = append(args, "--set", value)
	}
	cmd := exec.Command("go", args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("failed to render the chart: %w: %s", err, stderr.String())
	}
	var all []*unstructured.Unstructured
	for document := range strings.SplitSeq(stdout.String(), "\n---\n") {
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(document), &object.Object); err != nil {
			return nil, fmt.Errorf("failed to read the rendered chart: %w in:\n%s", err, document)
		}
		if len(object.Object) > 0 {
			all = append(all, object)
		}
	}
	return all, nil
}

// Apply applies an object as Helm does.
func Apply(ctx context.Context, api client.Client, object *unstructured.Unstructured) error {
	if err := api.Apply(ctx, client.ApplyConfigurationFromUnstructured(object.DeepCopy()),
		client.FieldOwner("helm"), client.ForceOwnership); err != nil {
		return fmt.Errorf("failed to apply %s %s: %w", object.GetKind(), object.GetName(), err)
	}
	return nil
}
