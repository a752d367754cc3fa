package tracing

import (
	"cmp"
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Handover is a committed change of leader, with the times at which its parts began and ended, by the own clock.
type Handover struct {
	Namespace, Service string
	// From and To are names of pods; empty for nobody.
	From, To string
	Term     int64
	// Reason and Path are those of the metrics.
	Reason, Path string

	// TraceParent identifies the span of the admission that has prepared the hand-over (see Admission.TraceParent), and Prepared is when. Both are
	// empty if this replica's admission has not.
	TraceParent string
	Prepared    time.Time
	// Arrived is when the event arrived that caused the hand-over; zero if no event did.
	Arrived time.Time
	// Began is when the reconciliation began, Decided when the first write was sent, and Committed when all were answered.
	Began, Decided, Committed time.Time
}

// Handover makes the spans of a hand-over: one of the whole, and its parts.
func (t *Tracer) Handover(ctx context.Context, h Handover) {
	if t == nil {
		return
	}
	ctx = propagator.Extract(ctx, propagation.MapCarrier{traceparent: h.TraceParent})
	ctx, whole := t.tracer.Start(ctx, "handover", trace.WithTimestamp(h.known()), trace.WithAttributes(
		attribute.String("k8s.namespace.name", h.Namespace), attribute.String("tanist.service", h.Service),
		attribute.String("tanist.from", h.From), attribute.String("tanist.to", h.To), attribute.Int64("tanist.term", h.Term),
		attribute.String("tanist.reason", h.Reason), attribute.String("tanist.path", h.Path)))
	if h.known().Before(h.Began) {
		_, watch := t.tracer.Start(ctx, "watch", trace.WithTimestamp(h.known()))
		if !h.Arrived.IsZero() {
			watch.AddEvent("arrived", trace.WithTimestamp(h.Arrived))
		}
		watch.End(trace.WithTimestamp(h.Began))
	}
	t.part(ctx, "decide", h.Began, h.Decided)
	t.part(ctx, "commit", h.Decided, h.Committed)
	whole.End(trace.WithTimestamp(h.Committed))
}

func (t *Tracer) part(ctx context.Context, name string, from, to time.Time) {
	_, span := t.tracer.Start(ctx, name, trace.WithTimestamp(from))
	span.End(trace.WithTimestamp(to))
}

// known returns since when this replica has known of the hand-over: since its admission, its event, or its reconciliation.
func (h Handover) known() time.Time {
	return cmp.Or(h.Prepared, h.Arrived, h.Began)
}
