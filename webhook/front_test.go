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
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
)

// fronted is the whole of admission, with a configuration of a cluster.
type fronted struct {
	t        testing.TB
	handler  http.Handler
	registry *prometheus.Registry
	// departures are those that were prepared.
	departures []cache.Departure
}

func newFronted(t testing.TB, services Services, calls ...admissionregistrationv1.WebhookClientConfig) *fronted {
	t.Helper()
	f := &fronted{t: t, registry: prometheus.NewRegistry()}
	live := &cluster{calls: calls}
	paths := NewPaths(live.read)
	paths.Set(calls)
	var err error
	f.handler, err = NewHandler(Options{
		Namespace: "tanist-system", Paths: paths, Tuning: config.NewStore(), Services: services, Registerer: f.registry,
		Preparer: preparerFunc(func(departure cache.Departure) []cache.Handover {
			f.departures = append(f.departures, departure)
			return []cache.Handover{{}}
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// post sends a body and returns the status and the body of the answer.
func (f *fronted) post(path string, body io.Reader) (int, []byte) {
	recorder := httptest.NewRecorder()
	request := httptest.NewRequestWithContext(f.t.Context(), http.MethodPost, path, body)
	request.Header.Set("Content-Type", "application/json")
	f.handler.ServeHTTP(recorder, request)
	return recorder.Code, recorder.Body.Bytes()
}

// ask sends a request and returns the response.
func (f *fronted) ask(path string, request *admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse {
	f.t.Helper()
	request.UID = "asked"
	status, body := f.post(path, bytes.NewReader(reviewOf(f.t, request)))
	var review admissionv1.AdmissionReview
	if err := json.Unmarshal(body, &review); err != nil || review.Response == nil || status != http.StatusOK {
		f.t.Fatalf("got %d %s (%v)", status, body, err)
	}
	return review.Response
}

func reviewOf(t testing.TB, request *admissionv1.AdmissionRequest) []byte {
	t.Helper()
	return encode(t, admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"}, Request: request,
	})
}

// unread fails when it is read.
type unread struct{ t testing.TB }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, errors.New("read")
}

func TestAStrangersBodyIsNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // each stranger waits for a read of the configurations
		f := newFronted(t, fakeServices{}, callsWith(testSecret)...)
		for path, hook := range hookPaths {
			if path != pathAny {
				status, _ := f.post("/"+otherSecret+path, unread{t})
				if status != http.StatusForbidden {
					t.Errorf("%s with a wrong secret: got status %d", path, status)
				}
			}
			if status, _ := f.post(path, unread{t}); status != http.StatusForbidden {
				t.Errorf("%s without a secret: got status %d", path, status)
			}
			want := 2.0
			if path == pathAny {
				want = 1
			}
			if got := f.count("tanist_admission_unauthenticated_total", hook); got != want {
				t.Errorf("%s: %v calls are counted, want %v", hook, got, want)
			}
		}
		if status, _ := f.post("/"+testSecret+"/other", unread{t}); status != http.StatusNotFound {
			t.Errorf("got status %d at an unknown path", status)
		}
		if len(f.departures) > 0 {
			t.Errorf("departures were prepared: %v", f.departures)
		}
	})
}

// count returns a counter of a webhook.
func (f *fronted) count(name, hook string) float64 {
	f.t.Helper()
	families, err := f.registry.Gather()
	if err != nil {
		f.t.Fatal(err)
	}
	sum := 0.0
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				if family.GetName() == name && label.GetName() == "webhook" && label.GetValue() == hook {
					sum += metric.GetCounter().GetValue()
				}
			}
		}
	}
	return sum
}

func TestWhatAnUnauthenticatedDepartureDoes(t *testing.T) {
	for name, test := range map[string]struct {
		calls           []admissionregistrationv1.WebhookClientConfig
		path            string
		unauthenticated bool
	}{
		"with the secret":             {callsWith(testSecret), "/" + testSecret + config.PathDepartures, false},
		"no secret is set":            {[]admissionregistrationv1.WebhookClientConfig{{}}, "/", true},
		"no secret, and a fixed path": {[]admissionregistrationv1.WebhookClientConfig{callAt(config.PathDepartures)}, config.PathDepartures, true},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFronted(t, fakeServices{}, test.calls...)
			response := f.ask(test.path, deletion())
			want := []cache.Departure{{Namespace: "shop", Name: "web-1", UID: "web-1-uid", Unauthenticated: test.unauthenticated}}
			if diff := cmp.Diff(want, f.departures); diff != "" {
				t.Errorf("unexpected departures (-want +got):\n%s", diff)
			}
			if told := len(response.Warnings)+len(response.AuditAnnotations) > 0; told == test.unauthenticated || !response.Allowed {
				t.Errorf("got %+v", response)
			}
		})
	}
}

// TestDispatch checks which webhook answers a call at "/".
func TestDispatch(t *testing.T) {
	f := newFronted(t, fakeServices{service("web")}, admissionregistrationv1.WebhookClientConfig{})
	resource := func(name string) metav1.GroupVersionResource {
		return metav1.GroupVersionResource{Version: "v1", Resource: name}
	}
	wrong := service("web", "strategy", "eldest")
	if response := f.ask("/", &admissionv1.AdmissionRequest{
		Resource: resource("services"), Operation: admissionv1.Create, Namespace: "shop", Object: raw(t, wrong),
	}); response.Allowed {
		t.Error("a wrong annotation was accepted")
	}
	if response := f.ask("/", &admissionv1.AdmissionRequest{
		Resource: resource("configmaps"), Operation: admissionv1.Create, Namespace: "tanist-system",
		Object: raw(t, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: config.TuningConfigMap}, Data: map[string]string{"x": ""}}),
	}); response.Allowed {
		t.Error("a wrong tuning was accepted")
	}
	if response := f.ask("/", &admissionv1.AdmissionRequest{
		Resource: resource("pods"), Operation: admissionv1.Create, Namespace: "shop", Object: raw(t, &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web-1", Labels: map[string]string{"app": "web"}},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main"}}},
		}),
	}); len(response.Patch) == 0 {
		t.Error("a new pod got no drain window")
	}
	if response := f.ask("/", &admissionv1.AdmissionRequest{
		Resource: resource("namespaces"), Operation: admissionv1.Create,
		Object: raw(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "x", Labels: map[string]string{config.EnabledKey: "yes"}}}),
	}); len(response.Warnings) == 0 {
		t.Error("a misspelt label got no warning")
	}
	f.ask("/", deletion())
	f.ask("/", eviction(policyv1.Eviction{}))
	if len(f.departures) != 2 {
		t.Errorf("got %d departures, want a deletion and an eviction", len(f.departures))
	}
	for name, body := range map[string]string{
		"not JSON": "?", "no request": "{}", "an empty body": "",
		"another resource": `{"request":{"resource":{"resource":"secrets"}}}`,
	} {
		if status, _ := f.post("/", bytes.NewReader([]byte(body))); status != http.StatusBadRequest {
			t.Errorf("%s: got status %d", name, status)
		}
	}
	if got := f.count("tanist_admission_rejected_total", hookAny); got != 4 {
		t.Errorf("%v calls are counted as rejected, want 4", got)
	}
}

// TestWhatAnybodyLearns checks that an unauthenticated call learns nothing about a namespace that has not opted in.
func TestWhatAnybodyLearns(t *testing.T) {
	elsewhere := service("web")
	elsewhere.Namespace = "bank"
	taken := service("web-leader")
	taken.Namespace, taken.Annotations = "bank", nil
	services := fakeServices{elsewhere, taken}
	namespace := func(labels map[string]string) runtime.RawExtension {
		return raw(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "bank", Labels: labels}})
	}
	asked := service("web")
	asked.Namespace = "bank"
	for secret, told := range map[string]bool{"/" + testSecret: true, "": false} {
		calls := callsWith(testSecret)
		if !told {
			calls = nil
		}
		f := newFronted(t, services, calls...)
		if response := f.ask(secret+config.PathServices, &admissionv1.AdmissionRequest{
			Operation: admissionv1.Create, Namespace: "bank", Object: raw(t, asked),
		}); response.Allowed == told {
			t.Errorf("with secret %q: that the leader Service's name is taken was told: %t", secret, !response.Allowed)
		}
		if response := f.ask(secret+config.PathNamespaces, &admissionv1.AdmissionRequest{
			Operation: admissionv1.Update, Object: namespace(nil), OldObject: namespace(map[string]string{config.EnabledKey: "true"}),
		}); len(response.Warnings) > 0 != told {
			t.Errorf("with secret %q: got warnings %v", secret, response.Warnings)
		}
	}
}

func TestTheMetricsOfAuthentication(t *testing.T) {
	f := newFronted(t, fakeServices{}, callsWith(testSecret)...)
	problems, err := testutil.GatherAndLint(f.registry)
	if err != nil || len(problems) > 0 {
		t.Errorf("lint: %v %v", problems, err)
	}
	if n, err := testutil.GatherAndCount(f.registry, "tanist_admission_authenticated", "tanist_admission_unauthenticated_total"); n != 1+len(hookPaths) || err != nil {
		t.Errorf("got %d series (%v)", n, err)
	}
}

// awaited counts how often a namespace is awaited.
type awaited struct {
	fakeServices
	count int
}

func (a *awaited) AwaitReadable(context.Context, string) { a.count++ }

func TestOnlyTheAPIServerMakesANamespaceAwaited(t *testing.T) {
	for name, test := range map[string]struct {
		calls []admissionregistrationv1.WebhookClientConfig
		path  string
		want  int
	}{
		"with the secret":  {callsWith(testSecret), "/" + testSecret + config.PathPods, 1},
		"no secret is set": {[]admissionregistrationv1.WebhookClientConfig{callAt(config.PathPods)}, config.PathPods, 0},
	} {
		t.Run(name, func(t *testing.T) {
			services := &awaited{fakeServices: fakeServices{service("web")}}
			f := newFronted(t, services, test.calls...)
			pod := raw(t, newPod(30, corev1.Container{}))
			if response := f.ask(test.path, &admissionv1.AdmissionRequest{Operation: admissionv1.Create, Namespace: "shop", Object: pod}); len(response.Patch) == 0 {
				t.Errorf("got %+v", response)
			}
			if services.count != test.want {
				t.Errorf("awaited %d times", services.count)
			}
			f.ask(test.path, &admissionv1.AdmissionRequest{Operation: admissionv1.Update, Namespace: "shop", Object: pod, OldObject: pod})
			if services.count != test.want {
				t.Error("awaited for an existing pod")
			}
		})
	}
}
