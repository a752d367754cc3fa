//go:build integration

package integration_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/tanist-dev/tanist/tracing"
)

// The API server and the replicas trace what a test asks them to trace, and nothing else. spans are those of the replicas.
var (
	spans  = tracetest.NewInMemoryExporter()
	tracer = tracing.New(sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans), sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.NeverSample()))))
)

// traceOnRequest writes the API server's configuration of tracing into a file. Nobody takes the API server's own spans.
func traceOnRequest() (name string, err error) {
	file, err := os.CreateTemp("", "tracing-*.yaml")
	if err != nil {
		return "", err
	}
	defer file.Close()
	_, err = fmt.Fprint(file, `{"apiVersion": "apiserver.config.k8s.io/v1beta1", "kind": "TracingConfiguration", "endpoint": "127.0.0.1:1", "samplingRatePerMillion": 0}`)
	return file.Name(), err
}

// traced makes requests a part of a trace.
type traced struct {
	http.RoundTripper
	parent string
}

// RoundTrip implements http.RoundTripper.
func (t traced) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Traceparent", t.parent)
	return t.RoundTripper.RoundTrip(r)
}

func TestAHandoverIsAPartOfTheTraceOfItsDeletion(t *testing.T) {
	const request = "b7ad6b7169203331"
	trace := fmt.Sprintf("%032x", time.Now().UnixNano())
	_, r := admitting(t)
	s, _ := pair(t)
	s.follows("web-leader", "a", "b") // the replica has decided, so that admission finds everything in memory
	api := newClient(t, func(config *rest.Config) {
		config.Wrap(func(next http.RoundTripper) http.RoundTripper {
			return traced{next, "00-" + trace + "-" + request + "-01"}
		})
	})
	if err := api.CoreV1().Pods(s.namespace).Delete(t.Context(), "a", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	s.leads("web", "b")
	r.counts(1, "tanist_handovers_total", "path=prepared")

	var got map[string]tracetest.SpanStub
	history.eventually(t, func() string {
		got = map[string]tracetest.SpanStub{}
		var names []string
		for _, span := range spans.GetSpans() {
			if span.SpanContext.TraceID().String() == trace {
				got[span.Name] = span
				names = append(names, span.Name)
			}
		}
		if len(got) != 5 {
			return "the spans of the hand-over, got " + strings.Join(names, ", ")
		}
		return ""
	})
	admission, whole := got["admission"], got["handover"]
	if !admission.Parent.IsRemote() || admission.Parent.SpanID().String() == request {
		t.Errorf("admission is a part of %s, want a span of the API server", admission.Parent.SpanID())
	}
	if whole.Parent.SpanID() != admission.SpanContext.SpanID() {
		t.Errorf("the hand-over is a part of %s, want %s, that of admission", whole.Parent.SpanID(), admission.SpanContext.SpanID())
	}
	for _, part := range []string{"watch", "decide", "commit"} {
		if got[part].Parent.SpanID() != whole.SpanContext.SpanID() {
			t.Errorf("%s is not a part of the hand-over", part)
		}
	}
}
