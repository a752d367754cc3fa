//go:build integration

package integration_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
)

const chartFolder = "../../deploy/chart"

// runHelm runs a command of Helm that takes values, with the shared API server.
func runHelm(t *testing.T, namespace string, args ...string) (output string, err error) {
	t.Helper()
	return helmIn(t.Context(), t, namespace, append(args, "--set", "image.repository=registry.example.com/tanist")...)
}

func helmIn(ctx context.Context, t *testing.T, namespace string, args ...string) (output string, err error) {
	t.Helper()
	tools, err := filepath.Abs("../../tools/helm.mod")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(file, kubeconfig, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, "go", append([]string{"tool", "-modfile=" + tools, "helm", "--kubeconfig", file, "--namespace", namespace}, args...)...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("helm %s: %w: %s", args[0], err, stderr.String())
	}
	return string(out), err
}

// helmRelease is a release of the chart in a namespace of its own.
type helmRelease struct {
	*testNamespace
	// mode are the flags that say how Helm writes objects.
	mode []string
}

// upgrade installs or upgrades the release.
func (r *helmRelease) upgrade(args ...string) error {
	r.t.Helper()
	_, err := runHelm(r.t, r.namespace, append(append([]string{"upgrade", "--install", "tanist", chartFolder, "--set", "replicas=1"}, r.mode...), args...)...)
	return err
}

func (r *helmRelease) mustUpgrade(args ...string) {
	r.t.Helper()
	if err := r.upgrade(args...); err != nil {
		r.t.Fatal(err)
	}
}

// uninstallAtTheEnd removes the release, which has objects outside its namespace.
func (r *helmRelease) uninstallAtTheEnd() {
	r.t.Cleanup(func() {
		if _, err := helmIn(context.WithoutCancel(r.t.Context()), r.t, r.namespace, "uninstall", "tanist"); err != nil {
			r.t.Error(err)
		}
	})
}

// edit writes the tuning as "kubectl edit" does.
func (r *helmRelease) edit(text string) {
	r.t.Helper()
	if _, err := clientset.CoreV1().ConfigMaps(r.namespace).Patch(r.t.Context(), config.TuningConfigMap, types.StrategicMergePatchType,
		[]byte(fmt.Sprintf(`{"data":{%q:%q}}`, config.TuningKey, text)), metav1.PatchOptions{FieldManager: "kubectl-edit"}); err != nil {
		r.t.Fatal(err)
	}
}

// hasTuning checks what the ConfigMap says now.
func (r *helmRelease) hasTuning(want string) {
	r.t.Helper()
	configMap, err := clientset.CoreV1().ConfigMaps(r.namespace).Get(r.t.Context(), config.TuningConfigMap, metav1.GetOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	if got := strings.TrimSpace(configMap.Data[config.TuningKey]); got != want {
		r.t.Errorf("the tuning is %q, want %q", got, want)
	}
}

// TestAnUpgradeKeepsAChangedTuning: between two upgrades somebody changes the tuning in the cluster.
func TestAnUpgradeKeepsAChangedTuning(t *testing.T) {
	const nine, ten = "tuning.commit.concurrency=9", "tuning.commit.concurrency=10"
	cases := map[string]struct {
		flag string
		// conflicts says whether new values need --force-conflicts to replace the change.
		conflicts bool
	}{
		"Helm 4 applies on the server":                   {flag: "--server-side=true", conflicts: true},
		"Helm 3, or a release that Helm 3 has installed": {flag: "--server-side=false"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			r := &helmRelease{testNamespace: newNamespace(t), mode: []string{test.flag, "--set", "admission.enabled=false"}}
			r.mustUpgrade()
			r.uninstallAtTheEnd()
			newValues := func(value, want string) {
				t.Helper()
				if !test.conflicts {
					r.mustUpgrade("--set", value)
				} else if err := r.upgrade("--set", value); err == nil || !strings.Contains(err.Error(), `conflict with "kubectl-edit"`) {
					t.Errorf("got %v, want a conflict", err)
				} else {
					r.mustUpgrade("--set", value, "--force-conflicts")
				}
				r.hasTuning(want)
			}

			r.edit(goodTuning)
			r.mustUpgrade("--set", "logLevel=1")
			r.hasTuning(goodTuning)

			newValues(nine, "commit:\n  concurrency: 9")
			r.edit(otherTuning)
			r.mustUpgrade("--set", nine, "--set", "logLevel=2")
			r.hasTuning(otherTuning)
			r.mustUpgrade("--set", nine, "--set", "logLevel=3")
			r.hasTuning(otherTuning)

			newValues(ten, "commit:\n  concurrency: 10")
			r.mustUpgrade("--set", nine) // nobody has changed it
			r.hasTuning("commit:\n  concurrency: 9")
			r.mustUpgrade()
			r.hasTuning("")
		})
	}
}

// TestHelmTakesOverTheManifest applies what install.yaml has, in each way, and then installs the chart with Helm.
func TestHelmTakesOverTheManifest(t *testing.T) {
	if err := theChart.install(t.Context()); err != nil { // for cert-manager and its CRDs
		t.Fatal(err)
	}
	cases := map[string]struct {
		apply, upgrade []string
		// again says whether the next upgrade needs the flags, too.
		again bool
	}{
		"applied as Helm applies":          {apply: []string{"--server-side", "--field-manager=helm"}},
		"applied as kubectl on the server": {apply: []string{"--server-side"}, upgrade: []string{"--force-conflicts"}, again: true},
		"applied as kubectl on the client": {apply: []string{"--server-side=false"}, upgrade: []string{"--force-conflicts"}, again: true},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			r := &helmRelease{testNamespace: newNamespace(t)}
			manifest, err := runHelm(t, r.namespace, "template", "tanist", chartFolder)
			if err != nil {
				t.Fatal(err)
			}
			if out, err := r.apply(manifest, test.apply...); err != nil {
				t.Fatalf("failed to apply: %v: %s", err, out)
			}
			r.edit(goodTuning)
			r.mustUpgrade(append([]string{"--take-ownership", "--set", "image.tag=v1"}, test.upgrade...)...)
			r.uninstallAtTheEnd()
			next := []string{"--set", "image.tag=v2", "--set", "logLevel=1"}
			if test.again {
				if err := r.upgrade(next...); err == nil || !strings.Contains(err.Error(), "conflict with") {
					t.Errorf("got %v, want a conflict", err)
				}
				next = append(next, test.upgrade...)
			}
			r.mustUpgrade(next...)
			r.hasTuning(goodTuning)
			deployment, err := clientset.AppsV1().Deployments(r.namespace).Get(t.Context(), "tanist", metav1.GetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if got := deployment.Spec.Template.Spec.Containers[0].Image; got != "registry.example.com/tanist:v2" || *deployment.Spec.Replicas != 1 {
				t.Errorf("got image %s and %d replicas", got, *deployment.Spec.Replicas)
			}
		})
	}
}
