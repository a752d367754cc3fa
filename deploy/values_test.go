//go:build chart

package deploy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
)

// TestWrongValuesAreRefused checks that the error names the field and says what is wrong.
func TestWrongValuesAreRefused(t *testing.T) {
	cases := map[string]struct {
		value string
		want  []string
	}{
		"no image":                       {"image.repository=", []string{"image.repository is not set", "docs/installing.md"}},
		"a repository with a tag":        {"image.repository=registry.example.com/tanist:0.1.0", []string{"/image/repository", "does not match pattern"}},
		"a repository with a digest":     {"image.repository=tanist@sha256:00", []string{"/image/repository", "does not match pattern"}},
		"a namespace that cannot be":     {"watchNamespaces={Shop}", []string{"/watchNamespaces/0", "does not match pattern"}},
		"a namespace that never opts in": {"watchNamespaces={kube-system}", []string{"watchNamespaces: kube-system never opts in"}},
		"a misspelt key":                 {"replica=3", []string{"additional properties 'replica' not allowed"}},
		"a misspelt nested key":          {"admission.enable=false", []string{"/admission", "'enable' not allowed"}},
		"a secret that is too short":     {"admission.secret=short", []string{"/admission/secret", "does not match pattern"}},
		"a secret of other letters":      {"admission.secret=ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", []string{"/admission/secret", "does not match pattern"}},
		"unknown certificates":           {"admission.certificates=acme", []string{"/admission/certificates", "'self-managed'"}},
		"text for a number":              {"replicas=two", []string{"/replicas", "got string, want integer"}},
		"no replicas":                    {"replicas=0", []string{"/replicas", "minimum: got 0, want 1"}},
		"text for a boolean":             {"flowSchema.enabled=yes", []string{"/flowSchema/enabled", "got string, want boolean"}},
		"an unknown pull policy":         {"image.pullPolicy=Sometimes", []string{"/image/pullPolicy", "'IfNotPresent'"}},
		"an image digest cut short":      {"image.digest=sha256:00", []string{"/image/digest", "does not match pattern"}},
		"a kubelet's port":               {"hostNetwork=true,ports.webhook=10250", []string{"with hostNetwork=true, 10250 is the kubelet's"}},
		"the same port twice":            {"ports.health=8444", []string{"each needs a number of its own"}},
		"too short a grace period":       {"terminationGracePeriodSeconds=5", []string{"/terminationGracePeriodSeconds", "minimum"}},
		"no account":                     {"serviceAccount.create=false", []string{"serviceAccount.name is not set"}},
		"an interval without a unit":     {"serviceMonitor.interval=x", []string{"/serviceMonitor/interval", "does not match pattern"}},
		"runbooks without a scheme":      {"prometheusRule.runbookBaseURL=git.example.com/runbooks", []string{"/prometheusRule/runbookBaseURL", "does not match pattern"}},
		"no address of the runbooks":     {"prometheusRule.runbookBaseURL=", []string{"/prometheusRule/runbookBaseURL", "does not match pattern"}},
		"a misspelt tuning":              {"tuning.cache.preparedTtl=1s", []string{"/tuning/cache", "'preparedTtl' not allowed"}},
		"a tuning without a unit":        {"tuning.commit.backupDelay=50", []string{"/tuning/commit/backupDelay", "got number, want string"}},
		"a tuning out of its range":      {"tuning.retry.failover.maxAttempts=11", []string{"/tuning/retry/failover/maxAttempts", "maximum"}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := helm("template", "tanist", ".", "--set", image, "--set", test.value)
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q in it", err, want)
				}
			}
		})
	}
}

// TestTheStateHasNoData checks that an upgrade does not overwrite the last good tuning.
func TestTheStateHasNoData(t *testing.T) {
	state := get[*corev1.ConfigMap](t, renderDefault(t), config.TuningState)
	if state.Data != nil || state.BinaryData != nil || state.Immutable != nil {
		t.Errorf("the chart has data for the state: %+v", state)
	}
}

// TestTuningValues checks that the program reads the tuning as it is in the values.
func TestTuningValues(t *testing.T) {
	cases := map[string]struct {
		values []string
		want   func(*config.Tuning)
	}{
		"none": {want: func(*config.Tuning) {}},
		"some": {
			values: []string{"tuning.commit.onAdmission=true", "tuning.retry.standard.maxAttempts=5"},
			want: func(tuning *config.Tuning) {
				tuning.Commit.OnAdmission, tuning.Retry.Standard.MaxAttempts = true, 5
			},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			got, errs := config.ParseTuningConfigMap(get[*corev1.ConfigMap](t, render(t, test.values...), config.TuningConfigMap))
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			want := config.DefaultTuning()
			test.want(&want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("unexpected tuning (-want +got):\n%s", diff)
			}
		})
	}
}
