package tracing

import (
	"context"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// scope is the name of what makes the spans.
const scope = "github.com/tanist-dev/tanist"

// Tracer makes spans. A nil Tracer makes none.
type Tracer struct {
	tracer trace.Tracer
}

// New returns a Tracer whose spans a provider samples and sends.
func New(provider trace.TracerProvider) *Tracer {
	return &Tracer{provider.Tracer(scope)}
}

// propagator reads and writes the header that identifies a span, as the API server does. It leaves out baggage, which nobody needs here.
var propagator = propagation.TraceContext{}

// traceparent is the header, as W3C's Trace Context names it.
const traceparent = "traceparent"

// Admission is the span of the admission of one departure, which is a pod's deletion or eviction. The zero Admission is none.
type Admission struct {
	span trace.Span
	// TraceParent identifies the span to a hand-over that follows (see Handover.TraceParent); empty for none.
	TraceParent string
}

// Admission begins the span of a call that arrived with these headers. It is a part of the trace that they name. It is for requests that
// are authenticated as the API server's alone: with that header, anybody else could have everything traced.
func (t *Tracer) Admission(ctx context.Context, header http.Header, arrived time.Time) Admission {
	if t == nil {
		return Admission{}
	}
	ctx, span := t.tracer.Start(propagator.Extract(ctx, propagation.HeaderCarrier(header)), "admission",
		trace.WithSpanKind(trace.SpanKindServer), trace.WithTimestamp(arrived))
	carrier := propagation.MapCarrier{}
	propagator.Inject(ctx, carrier)
	return Admission{span: span, TraceParent: carrier[traceparent]}
}

// End ends the span of a departure that concerns a leader. A span that is not ended is not sent: most departures concern none.
func (a Admission) End(namespace, pod, outcome string) {
	if a.span == nil {
		return
	}
	a.span.SetAttributes(
		attribute.String("k8s.namespace.name", namespace), attribute.String("k8s.pod.name", pod), attribute.String("tanist.outcome", outcome))
	a.span.End()
}
