package webhook

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
)

func TestTuning(t *testing.T) {
	configMap := func(key, content string, changes ...func(*corev1.ConfigMap)) *corev1.ConfigMap {
		c := &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Namespace: "tanist-system", Name: config.TuningConfigMap}, Data: map[string]string{key: content},
		}
		for _, change := range changes {
			change(c)
		}
		return c
	}
	const none = "commit: {concurrency: 0}"
	wrong := []string{`data[tuning.yaml].commit.concurrency: Invalid value: 0: must be from 1 to 256`}
	cases := map[string]struct {
		old, new   *corev1.ConfigMap
		wantErrors []string
	}{
		"a right value":             {new: configMap(config.TuningKey, "commit: {concurrency: 3}")},
		"no data":                   {new: configMap(config.TuningKey, "", func(c *corev1.ConfigMap) { c.Data = nil })},
		"a wrong value":             {new: configMap(config.TuningKey, none), wantErrors: wrong},
		"a change to a wrong value": {old: configMap(config.TuningKey, ""), new: configMap(config.TuningKey, none), wantErrors: wrong},
		"a misspelt key of the tuning": {
			new: configMap(config.TuningKey, "comit: {}"),
			wantErrors: []string{
				`data[tuning.yaml].comit: Unsupported value: "comit": supported values: ` +
					`"apiVersion", "cache", "commit", "election", "grant", "kind", "observe", "retry"`,
			},
		},
		"a misspelt key of the ConfigMap": {
			new:        configMap("tuning.yml", ""),
			wantErrors: []string{`data[tuning.yml]: Unsupported value: "tuning.yml": supported values: "tuning.yaml"`},
		},
		"a ConfigMap in another namespace": {new: configMap(config.TuningKey, none, func(c *corev1.ConfigMap) { c.Namespace = "shop" })},
		"another ConfigMap":                {new: configMap(config.TuningKey, none, func(c *corev1.ConfigMap) { c.Name = "other" })},
		"a label, beside an existing mistake": {
			old: configMap(config.TuningKey, none),
			new: configMap(config.TuningKey, none, func(c *corev1.ConfigMap) { c.Labels = map[string]string{"a": "b"} }),
		},
		"a ConfigMap that is being deleted": {
			old: configMap(config.TuningKey, ""),
			new: configMap(config.TuningKey, none, func(c *corev1.ConfigMap) { c.DeletionTimestamp = &metav1.Time{Time: time.Unix(1, 0)} }),
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, nil)
			request := admissionv1.AdmissionRequest{Operation: admissionv1.Create, Namespace: test.new.Namespace, Object: raw(t, test.new)}
			if test.old != nil {
				request.Operation, request.OldObject = admissionv1.Update, raw(t, test.old)
			}
			response := s.ask(config.PathTuning, request)
			var got []string
			if !response.Allowed {
				for _, cause := range response.Result.Details.Causes {
					got = append(got, cause.Field+": "+cause.Message)
				}
			}
			if diff := cmp.Diff(test.wantErrors, got); diff != "" {
				t.Errorf("unexpected errors (-want +got):\n%s", diff)
			}
			if got := s.failures(hookTuning); got != 0 {
				t.Errorf("%v failures are counted", got)
			}
		})
	}
}
