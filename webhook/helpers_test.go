package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
)

// testSecret is the secret of the configurations in the tests.
const testSecret = "0123456789abcdefghijklmnopqrstuvwxyz"

// callsWith are the calls of all webhooks, with a secret.
func callsWith(secret string) []admissionregistrationv1.WebhookClientConfig {
	var all []admissionregistrationv1.WebhookClientConfig
	for _, path := range config.WebhookPaths {
		all = append(all, callAt("/"+secret+path))
	}
	return all
}

// callAt is the call of a webhook at a path.
func callAt(path string) admissionregistrationv1.WebhookClientConfig {
	return admissionregistrationv1.WebhookClientConfig{Service: &admissionregistrationv1.ServiceReference{Name: "tanist", Path: &path}}
}

// server serves the handlers over HTTP, with the same layers in between as in the program.
type server struct {
	t        *testing.T
	url      string
	registry *prometheus.Registry
}

func newServer(t *testing.T, services Services) *server {
	t.Helper()
	registry := prometheus.NewRegistry()
	paths := NewPaths(func(context.Context) ([]admissionregistrationv1.WebhookClientConfig, error) {
		return callsWith(testSecret), nil
	})
	paths.Set(callsWith(testSecret))
	hooks, err := NewHandler(Options{
		Namespace: "tanist-system", Paths: paths, Tuning: config.NewStore(), Services: services, Registerer: registry,
	})
	if err != nil {
		t.Fatal(err)
	}
	listener := httptest.NewServer(hooks)
	t.Cleanup(listener.Close)
	return &server{t: t, url: listener.URL, registry: registry}
}

// post sends a body.
func (s *server) post(path string, body []byte) admissionv1.AdmissionReview {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+"/"+testSecret+path, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	var review admissionv1.AdmissionReview
	if err := json.Unmarshal(content, &review); err != nil {
		s.t.Fatalf("got %s: %v", content, err)
	}
	return review
}

// ask sends a request and returns the response to it.
func (s *server) ask(path string, request admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse {
	s.t.Helper()
	request.UID = "asked"
	review := s.post(path, encode(s.t, admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"}, Request: &request,
	}))
	if review.Kind != "AdmissionReview" || review.Response == nil || review.Response.UID != "asked" {
		s.t.Fatalf("got no response to the request: %+v", review)
	}
	return review.Response
}

// failures returns the counted failures of a handler.
func (s *server) failures(hook string) float64 {
	s.t.Helper()
	families, err := s.registry.Gather()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if family.GetName() == "tanist_admission_failures_total" && metric.GetLabel()[0].GetValue() == hook {
				return metric.GetCounter().GetValue()
			}
		}
	}
	s.t.Fatalf("no failures are counted for %s", hook)
	return 0
}

func (s *server) lint() {
	s.t.Helper()
	problems, err := testutil.GatherAndLint(s.registry)
	if err != nil || len(problems) > 0 {
		s.t.Errorf("lint: %v %v", problems, err)
	}
}

func encode(t testing.TB, object any) []byte {
	t.Helper()
	content, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func raw(t testing.TB, object any) runtime.RawExtension {
	t.Helper()
	return runtime.RawExtension{Raw: encode(t, object)}
}

// fakeServices are all Services that there are.
type fakeServices []*corev1.Service

func (f fakeServices) Selecting(namespace string, podLabels map[string]string) []*corev1.Service {
	var all []*corev1.Service
	for _, service := range f {
		if service.Namespace == namespace && config.Enabled(service.Annotations) &&
			labels.SelectorFromSet(service.Spec.Selector).Matches(labels.Set(podLabels)) {
			all = append(all, service)
		}
	}
	return all
}

func (f fakeServices) AwaitReadable(context.Context, string) {}

func (f fakeServices) Wanting(namespace, leaderService string) []*corev1.Service {
	var all []*corev1.Service
	for _, service := range f {
		if options, _ := config.ParseOptions(service); service.Namespace == namespace &&
			config.Enabled(service.Annotations) && options.LeaderService == leaderService {
			all = append(all, service)
		}
	}
	return all
}

func (f fakeServices) Taken(namespace, leaderService, source string, _ types.UID) *corev1.Service {
	for _, service := range f {
		own := source != "" && service.Labels[config.SourceServiceKey] == source
		if service.Namespace == namespace && service.Name == leaderService && !own {
			return service
		}
	}
	return nil
}

// refusedWorkload is the UID of a workload whose pods are refused because of their drain window.
const refusedWorkload = "refused"

func (f fakeServices) WindowAccepted(_ string, owner types.UID, _ bool) bool {
	return owner != refusedWorkload
}

// OptedIn is true for the namespace of all Services.
func (f fakeServices) OptedIn(namespace string) bool { return namespace == "shop" }

func (f fakeServices) MayOptIn(namespace string) bool { return namespace != "elsewhere" }

func (f fakeServices) Enabled(namespace string) []*corev1.Service {
	var all []*corev1.Service
	for _, service := range f {
		if service.Namespace == namespace && config.Enabled(service.Annotations) {
			all = append(all, service)
		}
	}
	return all
}

func (f fakeServices) LeaderSpec(namespace string, leaderService *corev1.Service) *corev1.ServiceSpec {
	for _, source := range f {
		if source.Namespace == namespace && source.Name == leaderService.OwnerReferences[0].Name {
			spec := leaderServiceOf(source.Name).Spec
			spec.Ports = source.Spec.Ports
			return &spec
		}
	}
	return nil
}

// TypeRefused refuses node ports.
func (f fakeServices) TypeRefused(_ context.Context, _ *corev1.Service, options config.Options) error {
	if options.LeaderServiceType == config.TypeNodePort {
		return errors.New("quota exceeded")
	}
	return nil
}

// panicking panics at every call.
type panicking struct{ Services }

// service is an opted-in Service. The pairs are annotations: key, value, key, value. The keys have no domain.
func service(name string, pairs ...string) *corev1.Service {
	s := &corev1.Service{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, UID: types.UID(name), Annotations: map[string]string{config.EnabledKey: "true"}},
		Spec:       corev1.ServiceSpec{Selector: map[string]string{"app": "web"}, Ports: []corev1.ServicePort{{Port: 80}}},
	}
	for i := 0; i < len(pairs); i += 2 {
		s.Annotations[config.Domain+"/"+pairs[i]] = pairs[i+1]
	}
	return s
}

func leaderServiceOf(source string) *corev1.Service {
	s := service(source + config.LeaderServiceSuffix)
	s.Annotations = map[string]string{config.TermKey: "7"}
	s.Labels = map[string]string{config.ManagedByKey: config.ManagedBy, config.SourceServiceKey: source}
	s.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Service", Name: source, UID: types.UID(source), Controller: new(true)}}
	s.Spec.Type, s.Spec.Selector = corev1.ServiceTypeClusterIP, nil
	return s
}

func without(s *corev1.Service, key string) *corev1.Service {
	delete(s.Annotations, key)
	return s
}
