package webhook

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/tanist-dev/tanist/config"
)

// server answers over HTTP as the API server asks, with everything between the two that is there in the program.
type server struct {
	t        *testing.T
	url      string
	registry *prometheus.Registry
}

func newServer(t *testing.T, known Services) *server {
	t.Helper()
	registry := prometheus.NewRegistry()
	hooks := ctrlwebhook.NewServer(ctrlwebhook.Options{})
	if err := Register(hooks, Options{
		Namespace: "tanist-system", Tuning: config.NewStore(), Services: known, Registerer: registry,
	}); err != nil {
		t.Fatal(err)
	}
	listener := httptest.NewServer(hooks.WebhookMux())
	t.Cleanup(listener.Close)
	return &server{t: t, url: listener.URL, registry: registry}
}

// post sends a body as it is.
func (s *server) post(path string, body []byte) admissionv1.AdmissionReview {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+path, bytes.NewReader(body))
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

// ask sends a request, and expects an answer to it.
func (s *server) ask(path string, request admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse {
	s.t.Helper()
	request.UID = "asked"
	review := s.post(path, encode(s.t, admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"}, Request: &request,
	}))
	if review.Kind != "AdmissionReview" || review.Response == nil || review.Response.UID != "asked" {
		s.t.Fatalf("got no answer to the request: %+v", review)
	}
	return review.Response
}

// failures is what the counter of a handler says.
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

// listed are Services known by listing them.
type listed []*corev1.Service

func (l listed) Selecting(namespace string, podLabels map[string]string) []*corev1.Service {
	var all []*corev1.Service
	for _, service := range l {
		if service.Namespace == namespace && config.Enabled(service.Annotations) &&
			labels.SelectorFromSet(service.Spec.Selector).Matches(labels.Set(podLabels)) {
			all = append(all, service)
		}
	}
	return all
}

func (l listed) Wanting(namespace, leaderService string) []*corev1.Service {
	var all []*corev1.Service
	for _, service := range l {
		if options, _ := config.ParseOptions(service); service.Namespace == namespace &&
			config.Enabled(service.Annotations) && options.LeaderService == leaderService {
			all = append(all, service)
		}
	}
	return all
}

func (l listed) Taken(namespace, leaderService, source string, _ types.UID) *corev1.Service {
	for _, service := range l {
		own := source != "" && service.Labels[config.SourceServiceKey] == source
		if service.Namespace == namespace && service.Name == leaderService && !own {
			return service
		}
	}
	return nil
}

// refusedWorkload is the UID of the workload whose pods are refused with a window.
const refusedWorkload = "refused"

func (l listed) WindowAccepted(owner types.UID) bool { return owner != refusedWorkload }

func (l listed) Enabled(namespace string) []*corev1.Service {
	var all []*corev1.Service
	for _, service := range l {
		if service.Namespace == namespace && config.Enabled(service.Annotations) {
			all = append(all, service)
		}
	}
	return all
}

func (l listed) LeaderSpec(namespace string, leaderService *corev1.Service) *corev1.ServiceSpec {
	for _, source := range l {
		if source.Namespace == namespace && source.Name == leaderService.OwnerReferences[0].Name {
			spec := leaderServiceOf(source.Name).Spec
			spec.Ports = source.Spec.Ports
			return &spec
		}
	}
	return nil
}

// broken panics whatever it is asked.
type broken struct{ Services }

// service is one that opts in, with annotations given as key, value, key, value without the domain.
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
