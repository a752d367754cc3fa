package webhook

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	admissionv1 "k8s.io/api/admission/v1"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/tracing"
)

func TestAnAdmissionIsTraced(t *testing.T) {
	const call = "b7ad6b7169203331"
	leads := prepared(cache.Handover{Successor: "web-2"})
	cases := map[string]struct {
		preparer preparerFunc
		caller   caller
		// want are the parents of the spans, wantContinued whether the hand-over is a part of the trace.
		want          []string
		wantContinued bool
	}{
		"of a leader":                         {preparer: leads, caller: apiServer, want: []string{call}, wantContinued: true},
		"of a pod that leads nothing":         {preparer: prepared(), caller: apiServer, wantContinued: true},
		"that somebody else may have made up": {preparer: leads, caller: anybody},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			spans := tracetest.NewInMemoryExporter()
			var got cache.Departure
			d := newDepartures(t, preparerFunc(func(departure cache.Departure) []cache.Handover {
				got = departure
				return test.preparer(departure)
			}))
			d.tracer = tracing.New(sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans)))
			body, err := json.Marshal(admissionv1.AdmissionReview{Request: deletion()})
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequestWithContext(withCaller(t.Context(), test.caller), http.MethodPost, config.PathDepartures, bytes.NewReader(body))
			r.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-"+call+"-01")
			d.ServeHTTP(httptest.NewRecorder(), r)

			var parents []string
			for _, span := range spans.GetSpans() {
				parents = append(parents, span.Parent.SpanID().String())
			}
			if diff := cmp.Diff(test.want, parents); diff != "" {
				t.Errorf("unexpected parents of spans (-want +got):\n%s", diff)
			}
			if continued := got.TraceParent != ""; continued != test.wantContinued {
				t.Errorf("the hand-over gets %q", got.TraceParent)
			}
		})
	}
}
