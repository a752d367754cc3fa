package webhook

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/tanist-dev/tanist/config"
)

func TestAFailureAllowsTheRequest(t *testing.T) {
	pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "web"}}}
	shaped := func(content string) runtime.RawExtension { return runtime.RawExtension{Raw: []byte(content)} }
	cases := map[string]struct {
		path, hook string
		object     runtime.RawExtension
		update     bool
		services   Services
	}{
		"no Service":                   {path: config.PathServices, hook: hookServices},
		"no old Service":               {path: config.PathServices, hook: hookServices, object: raw(t, service("web")), update: true},
		"a Service of another shape":   {path: config.PathServices, hook: hookServices, object: shaped(`{"spec":[]}`)},
		"a panic at a Service":         {path: config.PathServices, hook: hookServices, object: raw(t, service("web")), services: panicking{}},
		"no ConfigMap":                 {path: config.PathTuning, hook: hookTuning},
		"a ConfigMap of another shape": {path: config.PathTuning, hook: hookTuning, object: shaped(`{"data":1}`)},
		"no pod":                       {path: config.PathPods, hook: hookDrainWindow},
		"a pod of another shape":       {path: config.PathPods, hook: hookDrainWindow, object: shaped(`[]`)},
		"a panic at a pod":             {path: config.PathPods, hook: hookDrainWindow, object: raw(t, pod), services: panicking{}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, test.services)
			if got := s.failures(test.hook); got != 0 {
				t.Errorf("%v failures are counted at the start", got)
			}
			request := admissionv1.AdmissionRequest{Operation: admissionv1.Create, Object: test.object}
			if test.update {
				request.Operation = admissionv1.Update
			}
			response := s.ask(test.path, request)
			if !response.Allowed || len(response.Patch) > 0 || len(response.Warnings) > 0 {
				t.Errorf("got %+v, want it allowed without a patch or a warning", response)
			}
			if got := s.failures(test.hook); got != 1 {
				t.Errorf("%v failures are counted, want 1", got)
			}
			s.lint()
		})
	}
}

// A body that is not an AdmissionReview has no UID to respond to. The API server treats a response without the UID as a failed call, and
// ignores it.
func TestAMalformedReviewGetsNoResponse(t *testing.T) {
	for name, body := range map[string]string{"an empty body": "", "not JSON": "{", "JSON of another shape": `["AdmissionReview"]`} {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{config.PathServices, config.PathTuning, config.PathPods} {
				review := newServer(t, nil).post(path, []byte(body))
				if review.Response.UID != "" || review.Response.Allowed || review.Kind != "" {
					t.Errorf("%s: got %+v", path, review)
				}
			}
		})
	}
}

func TestMetricsAreRegisteredOnce(t *testing.T) {
	registry := prometheus.NewRegistry()
	for _, wantError := range []bool{false, true} {
		_, err := NewHandler(Options{Tuning: config.NewStore(), Paths: NewPaths(nil), Registerer: registry})
		if got := err != nil; got != wantError {
			t.Errorf("got %v, want an error: %t", err, wantError)
		}
	}
}
