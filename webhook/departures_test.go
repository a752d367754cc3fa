package webhook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/cache"
)

// chooser answers with a fixed succession, and remembers what it was asked.
type chooser struct {
	asked  []cache.Departure
	answer []cache.Succession
	do     func()
}

func (c *chooser) Prepare(departure cache.Departure) []cache.Succession {
	c.asked = append(c.asked, departure)
	if c.do != nil {
		c.do()
	}
	return c.answer
}

// stuck may be called by several goroutines at once.
type stuck func()

func (s stuck) Prepare(cache.Departure) []cache.Succession {
	s()
	return nil
}

func newDepartures(t *testing.T, c *chooser) *departures {
	t.Helper()
	m, err := newMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return newDeparturesHandler(c, m, logr.Discard())
}

// deletion is what the API server asks for a plain delete (an evictee's pod is not in its request).
func deletion(change ...func(*admissionv1.AdmissionRequest)) *admissionv1.AdmissionRequest {
	request := &admissionv1.AdmissionRequest{
		UID: "request", Operation: admissionv1.Delete, Namespace: "shop", Name: "web-1",
		Resource:  metav1.GroupVersionResource{Version: "v1", Resource: "pods"},
		OldObject: encoded(pod(nil)), Options: encoded(&metav1.DeleteOptions{}),
	}
	for _, change := range change {
		change(request)
	}
	return request
}

func eviction(e policyv1.Eviction) *admissionv1.AdmissionRequest {
	return &admissionv1.AdmissionRequest{
		UID: "request", Operation: admissionv1.Create, Namespace: "shop", Name: "web-1", SubResource: "eviction",
		Resource: metav1.GroupVersionResource{Version: "v1", Resource: "pods"}, Object: encoded(&e),
		Options: encoded(&metav1.CreateOptions{}),
	}
}

func pod(deleted *metav1.Time) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web-1", UID: "web-1-uid", DeletionTimestamp: deleted},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Env: []corev1.EnvVar{{Name: "uid", Value: "wrong"}}}}},
	}
}

func encoded(object any) runtime.RawExtension {
	body, err := json.Marshal(object)
	if err != nil {
		panic(err)
	}
	return runtime.RawExtension{Raw: body}
}

// ask sends a request as the API server does.
func ask(t *testing.T, d *departures, request *admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse {
	t.Helper()
	body, err := json.Marshal(admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"}, Request: request,
	})
	if err != nil {
		t.Fatal(err)
	}
	recorder := httptest.NewRecorder()
	d.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodPost, PathDepartures, bytes.NewReader(body)))
	var review admissionv1.AdmissionReview
	if err := json.Unmarshal(recorder.Body.Bytes(), &review); err != nil || review.Response == nil {
		t.Fatalf("got status %d and %q (%v)", recorder.Code, recorder.Body, err)
	}
	if review.APIVersion != "admission.k8s.io/v1" || review.Kind != "AdmissionReview" || review.Response.UID != request.UID {
		t.Errorf("the API server would not take %s", recorder.Body)
	}
	return review.Response
}

func TestWhichDepartureIsPrepared(t *testing.T) {
	web1 := cache.Departure{Namespace: "shop", Name: "web-1", UID: "web-1-uid"}
	evicted := cache.Departure{Namespace: "shop", Name: "web-1", Eviction: true}
	earlier := types.UID("earlier")
	now := metav1.Now()
	cases := map[string]struct {
		request *admissionv1.AdmissionRequest
		want    *cache.Departure
		outcome string
	}{
		"a delete": {request: deletion(), want: &web1},
		"one of a collection has no name": {
			request: deletion(func(r *admissionv1.AdmissionRequest) { r.Name = "" }), want: &web1,
		},
		"the kubelet's last delete": {
			request: deletion(func(r *admissionv1.AdmissionRequest) { r.OldObject = encoded(pod(&now)) }), outcome: departureNoLeader,
		},
		"a dry run": {
			request: deletion(func(r *admissionv1.AdmissionRequest) { r.DryRun = new(true) }), outcome: departureDryRun,
		},
		"a dry run in the options": {
			request: deletion(func(r *admissionv1.AdmissionRequest) {
				r.Options = encoded(&metav1.DeleteOptions{DryRun: []string{"All"}})
			}),
			outcome: departureDryRun,
		},
		"no object at all": {
			request: deletion(func(r *admissionv1.AdmissionRequest) { r.OldObject, r.Name = runtime.RawExtension{}, "" }),
			outcome: departureNoLeader,
		},
		"an eviction": {request: eviction(policyv1.Eviction{}), want: &evicted},
		"an eviction's dry run hides in its delete options": {
			request: eviction(policyv1.Eviction{DeleteOptions: &metav1.DeleteOptions{DryRun: []string{"All"}}}),
			outcome: departureDryRun,
		},
		"an eviction of an earlier pod of this name": {
			request: eviction(policyv1.Eviction{DeleteOptions: &metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &earlier}}}),
			want:    &cache.Departure{Namespace: "shop", Name: "web-1", UID: "earlier", Eviction: true},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			c := &chooser{answer: []cache.Succession{{Successor: "web-2"}}}
			d := newDepartures(t, c)
			if response := ask(t, d, test.request); !response.Allowed {
				t.Errorf("it was denied: %v", response.Result)
			}
			var want []cache.Departure
			outcome := test.outcome
			if test.want != nil {
				want, outcome = []cache.Departure{*test.want}, departurePrepared
			}
			if diff := cmp.Diff(want, c.asked); diff != "" {
				t.Errorf("unexpected departures (-want +got):\n%s", diff)
			}
			if got := testutil.ToFloat64(d.metrics.departures.WithLabelValues(outcome)); got != 1 {
				t.Errorf("%v are counted as %s", got, outcome)
			}
		})
	}
}

func TestWhatTheClientAndTheAuditLogAreTold(t *testing.T) {
	web, api := types.NamespacedName{Namespace: "shop", Name: "web"}, types.NamespacedName{Namespace: "shop", Name: "api"}
	cases := map[string]struct {
		answer  []cache.Succession
		want    []string
		audit   map[string]string
		outcome string
	}{
		"a pod that leads nothing": {outcome: departureNoLeader},
		"a leader that is followed": {
			answer: []cache.Succession{{Service: web, Successor: "web-2"}},
			audit:  map[string]string{"successor": "web: web-2"}, outcome: departurePrepared,
		},
		"a leader that nobody follows in one of two Services": {
			answer:  []cache.Succession{{Service: api}, {Service: web, Successor: "web-2"}},
			want:    []string{"tanist: web-1 leads Service api and no other pod can follow: the Service will have no leader"},
			audit:   map[string]string{"successor": "api: nobody, web: web-2"},
			outcome: departureNobodyFollows,
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			d := newDepartures(t, &chooser{answer: test.answer})
			response := ask(t, d, deletion())
			if !response.Allowed {
				t.Error("it was denied")
			}
			if diff := cmp.Diff(test.want, response.Warnings); diff != "" {
				t.Errorf("unexpected warnings (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.audit, response.AuditAnnotations); diff != "" {
				t.Errorf("unexpected audit annotations (-want +got):\n%s", diff)
			}
			if got := testutil.ToFloat64(d.metrics.departures.WithLabelValues(test.outcome)); got != 1 {
				t.Errorf("%v are counted as %s", got, test.outcome)
			}
		})
	}
}

func TestAPanicAllows(t *testing.T) {
	d := newDepartures(t, &chooser{do: func() { panic("a mistake") }})
	if response := ask(t, d, deletion()); !response.Allowed {
		t.Error("it was denied")
	}
	if got := testutil.ToFloat64(d.metrics.failures.WithLabelValues(hookDepartures)); got != 1 {
		t.Errorf("%v failures are counted", got)
	}
}

func TestADepartureIsHeldForItsBudgetAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		d := newDepartures(t, &chooser{do: func() { <-release }})
		if response := ask(t, d, deletion()); !response.Allowed {
			t.Error("it was denied")
		}
		if got := testutil.ToFloat64(d.metrics.departures.WithLabelValues(departureTimedOut)); got != 1 {
			t.Errorf("%v are counted as timed out", got)
		}
		close(release)
	})
}

// TestDeparturesDoNotPileUp: those that cannot be prepared in time are answered all the same, and leave nothing behind.
func TestDeparturesDoNotPileUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var preparing atomic.Int32
		d := newDepartures(t, &chooser{})
		d.successions = stuck(func() { preparing.Add(1); <-release })
		const all = departuresAtOnce + 50
		for range all {
			if response := ask(t, d, deletion()); !response.Allowed {
				t.Fatal("it was denied")
			}
		}
		if got := preparing.Load(); got != departuresAtOnce {
			t.Errorf("%d departures are being prepared, want %d", got, departuresAtOnce)
		}
		if got := testutil.ToFloat64(d.metrics.departures.WithLabelValues(departureTimedOut)); got != all {
			t.Errorf("%v are counted as timed out, want %d", got, all)
		}
		close(release)
		synctest.Wait()
		ask(t, d, deletion())
		if got := preparing.Load(); got != departuresAtOnce+1 {
			t.Errorf("%d departures were prepared, want one more", got)
		}
	})
}

func TestManyServicesLoseTheirLeader(t *testing.T) {
	var all []cache.Succession
	for i := range 1000 {
		all = append(all, cache.Succession{Service: types.NamespacedName{Namespace: "shop", Name: fmt.Sprint("web-", i)}})
	}
	warnings, audit := tell(cache.Departure{Name: "a"}, all)
	if len(warnings) != mostWarnings || strings.Count(audit["successor"], ": nobody") != len(all) {
		t.Errorf("got %d warnings, want %d, and audit annotations %v", len(warnings), mostWarnings, audit)
	}
}

func TestARequestThatCannotBeReadIsNoDenial(t *testing.T) {
	cases := map[string]struct {
		body io.Reader
		want string
	}{
		"no JSON":     {body: strings.NewReader("?"), want: "failed to decode AdmissionReview: jsontext: invalid character '?' at start of value\n"},
		"no request":  {body: strings.NewReader("{}"), want: "failed to decode AdmissionReview: it has no request.uid\n"},
		"no body":     {body: strings.NewReader(""), want: "failed to decode AdmissionReview: jsontext: unexpected EOF\n"},
		"too much":    {body: io.LimitReader(spaces{}, maxReview+1), want: "failed to decode AdmissionReview: jsontext: read error: http: request body too large\n"},
		"wrong types": {body: strings.NewReader(`{"request":{"uid":7}}`), want: "failed to decode AdmissionReview: json: cannot unmarshal JSON number into Go types.UID within \"/request/uid\"\n"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			d := newDepartures(t, &chooser{})
			recorder := httptest.NewRecorder()
			d.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodPost, PathDepartures, test.body))
			// The API server takes anything but a 2xx for a call that failed, and goes on (failurePolicy Ignore).
			// The decoder chooses between two words at random, so that nobody relies on them.
			got := strings.Replace(recorder.Body.String(), "unable to unmarshal", "cannot unmarshal", 1)
			if recorder.Code != http.StatusBadRequest || got != test.want {
				t.Errorf("got %d %q, want 400 %q", recorder.Code, got, test.want)
			}
			if got := testutil.ToFloat64(d.metrics.failures.WithLabelValues(hookDepartures)); got != 1 {
				t.Errorf("%v failures are counted", got)
			}
		})
	}
}

type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func BenchmarkDeparture(b *testing.B) {
	m, err := newMetrics(prometheus.NewRegistry())
	if err != nil {
		b.Fatal(err)
	}
	big := pod(nil)
	for range 200 {
		big.Spec.Containers[0].Env = append(big.Spec.Containers[0].Env, corev1.EnvVar{Name: "A_VARIABLE_OF_SOME_LENGTH", Value: strings.Repeat("x", 60)})
	}
	body, err := json.Marshal(admissionv1.AdmissionReview{Request: deletion(func(r *admissionv1.AdmissionRequest) { r.OldObject = encoded(big) })})
	if err != nil {
		b.Fatal(err)
	}
	d := newDeparturesHandler(&chooser{}, m, logr.Discard())
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		recorder := httptest.NewRecorder()
		d.ServeHTTP(recorder, httptest.NewRequestWithContext(b.Context(), http.MethodPost, PathDepartures, bytes.NewReader(body)))
	}
}
