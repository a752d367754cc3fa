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
	"time"

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
	"github.com/tanist-dev/tanist/config"
)

// preparerFunc is a Preparer.
type preparerFunc func(cache.Departure) []cache.Handover

func (f preparerFunc) Prepare(departure cache.Departure) []cache.Handover {
	return f(departure)
}

// prepared is a Preparer that returns fixed hand-overs.
func prepared(handOvers ...cache.Handover) preparerFunc {
	return func(cache.Departure) []cache.Handover { return handOvers }
}

func newDepartures(t testing.TB, preparer Preparer) *departures {
	t.Helper()
	m, err := newMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return newDeparturesHandler(preparer, m, logr.Discard(), nil)
}

// deletion is the API server's request for a deletion. Unlike an eviction's, it has the pod.
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
	ctx := withCaller(t.Context(), apiServer)
	d.ServeHTTP(recorder, httptest.NewRequestWithContext(ctx, http.MethodPost, config.PathDepartures, bytes.NewReader(body)))
	var review admissionv1.AdmissionReview
	if err := json.Unmarshal(recorder.Body.Bytes(), &review); err != nil || review.Response == nil {
		t.Fatalf("got status %d and %q (%v)", recorder.Code, recorder.Body, err)
	}
	if review.APIVersion != "admission.k8s.io/v1" || review.Kind != "AdmissionReview" || review.Response.UID != request.UID {
		t.Errorf("the API server would not accept %s", recorder.Body)
	}
	return review.Response
}

func TestDepartures(t *testing.T) {
	web1 := cache.Departure{Namespace: "shop", Name: "web-1", UID: "web-1-uid"}
	evicted := cache.Departure{Namespace: "shop", Name: "web-1", Eviction: true}
	earlier := types.UID("earlier")
	now := metav1.Now()
	cases := map[string]struct {
		request *admissionv1.AdmissionRequest
		want    *cache.Departure
		outcome string
	}{
		"a deletion": {request: deletion(), want: &web1},
		"a deletion by a user": {
			request: deletion(func(r *admissionv1.AdmissionRequest) { r.UserInfo.Username = "alice" }),
			want:    &cache.Departure{Namespace: "shop", Name: "web-1", UID: "web-1-uid", User: "alice"},
		},
		"a deletion of a collection, which has no name": {
			request: deletion(func(r *admissionv1.AdmissionRequest) { r.Name = "" }), want: &web1,
		},
		"the kubelet's final deletion": {
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
		"a request without an object": {
			request: deletion(func(r *admissionv1.AdmissionRequest) { r.OldObject, r.Name = runtime.RawExtension{}, "" }),
			outcome: departureNoLeader,
		},
		"an eviction": {request: eviction(policyv1.Eviction{}), want: &evicted},
		"a dry run in an eviction's delete options": {
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
			var got []cache.Departure
			d := newDepartures(t, preparerFunc(func(departure cache.Departure) []cache.Handover {
				got = append(got, departure)
				return []cache.Handover{{Successor: "web-2"}}
			}))
			if response := ask(t, d, test.request); !response.Allowed {
				t.Errorf("denied: %v", response.Result)
			}
			var want []cache.Departure
			outcome := test.outcome
			if test.want != nil {
				want, outcome = []cache.Departure{*test.want}, departurePrepared
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("unexpected departures (-want +got):\n%s", diff)
			}
			if got := testutil.ToFloat64(d.metrics.departures.WithLabelValues(outcome)); got != 1 {
				t.Errorf("%v are counted as %s", got, outcome)
			}
		})
	}
}

func TestWarningsAndAuditAnnotations(t *testing.T) {
	web, api := types.NamespacedName{Namespace: "shop", Name: "web"}, types.NamespacedName{Namespace: "shop", Name: "api"}
	cases := map[string]struct {
		answer  []cache.Handover
		want    []string
		audit   map[string]string
		outcome string
	}{
		"the pod leads no Service": {outcome: departureNoLeader},
		"a pod can follow": {
			answer: []cache.Handover{{Service: web, Successor: "web-2"}},
			audit:  map[string]string{"successor": "web: web-2"}, outcome: departurePrepared,
		},
		"no pod can follow in one of two Services": {
			answer:  []cache.Handover{{Service: api}, {Service: web, Successor: "web-2"}},
			want:    []string{"tanist: web-1 leads Service api and no other pod can follow: the Service will have no leader"},
			audit:   map[string]string{"successor": "api: nobody, web: web-2"},
			outcome: departureNobodyFollows,
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			d := newDepartures(t, prepared(test.answer...))
			response := ask(t, d, deletion())
			if !response.Allowed {
				t.Error("denied")
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

func TestAPanicAllowsTheRequest(t *testing.T) {
	d := newDepartures(t, preparerFunc(func(cache.Departure) []cache.Handover { panic("a mistake") }))
	if response := ask(t, d, deletion()); !response.Allowed {
		t.Error("denied")
	}
	if got := testutil.ToFloat64(d.metrics.failures.WithLabelValues(hookDepartures)); got != 1 {
		t.Errorf("%v failures are counted", got)
	}
}

func TestARequestWaitsForTheBudgetAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		d := newDepartures(t, preparerFunc(func(cache.Departure) []cache.Handover {
			<-release
			return nil
		}))
		if response := ask(t, d, deletion()); !response.Allowed {
			t.Error("denied")
		}
		if got := testutil.ToFloat64(d.metrics.departures.WithLabelValues(departureTimedOut)); got != 1 {
			t.Errorf("%v are counted as timed out", got)
		}
		close(release)
	})
}

// A single select would choose at random, and so fail in one of the rounds.
func TestAPreparationThatIsDoneWhenTheBudgetEndsCounts(t *testing.T) {
	want := preparation{handOvers: []cache.Handover{{Successor: "web-2"}}, outcome: departurePrepared}
	for range 100 {
		budget, done := make(chan time.Time, 1), make(chan preparation, 1)
		budget <- time.Time{}
		done <- want
		if diff := cmp.Diff(want, preparedWithin(budget, done), cmp.AllowUnexported(preparation{})); diff != "" {
			t.Fatalf("unexpected preparation (-want +got):\n%s", diff)
		}
	}
}

// TestDeparturesDoNotPileUp checks that requests are allowed although their departures cannot be prepared in time, and that they leave
// nothing behind.
func TestDeparturesDoNotPileUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var preparing atomic.Int32
		d := newDepartures(t, preparerFunc(func(cache.Departure) []cache.Handover {
			preparing.Add(1)
			<-release
			return nil
		}))
		const all = maxPreparing + 50
		for range all {
			if response := ask(t, d, deletion()); !response.Allowed {
				t.Fatal("denied")
			}
		}
		if got := preparing.Load(); got != maxPreparing {
			t.Errorf("%d departures are being prepared, want %d", got, maxPreparing)
		}
		if got := testutil.ToFloat64(d.metrics.departures.WithLabelValues(departureTimedOut)); got != all {
			t.Errorf("%v are counted as timed out, want %d", got, all)
		}
		close(release)
		synctest.Wait()
		ask(t, d, deletion())
		if got := preparing.Load(); got != maxPreparing+1 {
			t.Errorf("%d departures were prepared, want one more", got)
		}
	})
}

func TestWarningsAreLimited(t *testing.T) {
	var all []cache.Handover
	for i := range 1000 {
		all = append(all, cache.Handover{Service: types.NamespacedName{Namespace: "shop", Name: fmt.Sprint("web-", i)}})
	}
	warnings, audit := describe(cache.Departure{Name: "a"}, all)
	if len(warnings) != maxWarnings || strings.Count(audit["successor"], ": nobody") != len(all) {
		t.Errorf("got %d warnings, want %d, and audit annotations %v", len(warnings), maxWarnings, audit)
	}
}

func TestAMalformedRequestIsNotDenied(t *testing.T) {
	cases := map[string]struct {
		body io.Reader
		want string
	}{
		"not JSON":    {body: strings.NewReader("?"), want: "failed to decode AdmissionReview: jsontext: invalid character '?' at start of value\n"},
		"no request":  {body: strings.NewReader("{}"), want: "failed to decode AdmissionReview: it has no request.uid\n"},
		"no body":     {body: strings.NewReader(""), want: "failed to decode AdmissionReview: jsontext: unexpected EOF\n"},
		"wrong types": {body: strings.NewReader(`{"request":{"uid":7}}`), want: "failed to decode AdmissionReview: json: cannot unmarshal JSON number into Go types.UID within \"/request/uid\"\n"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			d := newDepartures(t, prepared())
			recorder := httptest.NewRecorder()
			d.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodPost, config.PathDepartures, test.body))
			// The API server treats anything but a 2xx as a failed call, and ignores it (failurePolicy Ignore).
			// The decoder chooses between two words at random, so that no program relies on the text.
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

func BenchmarkDeparture(b *testing.B) {
	big := pod(nil)
	for range 200 {
		big.Spec.Containers[0].Env = append(big.Spec.Containers[0].Env, corev1.EnvVar{Name: "A_VARIABLE_OF_SOME_LENGTH", Value: strings.Repeat("x", 60)})
	}
	body, err := json.Marshal(admissionv1.AdmissionReview{Request: deletion(func(r *admissionv1.AdmissionRequest) { r.OldObject = encoded(big) })})
	if err != nil {
		b.Fatal(err)
	}
	d := newDepartures(b, prepared())
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		recorder := httptest.NewRecorder()
		d.ServeHTTP(recorder, httptest.NewRequestWithContext(b.Context(), http.MethodPost, config.PathDepartures, bytes.NewReader(body)))
	}
}
