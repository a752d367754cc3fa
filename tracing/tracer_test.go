package tracing

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// at returns a time some milliseconds after the start.
func at(milliseconds int) time.Time {
	return start.Add(time.Duration(milliseconds) * time.Millisecond)
}

// newTracer returns a Tracer, and where its spans are once they have ended.
func newTracer() (*Tracer, *tracetest.InMemoryExporter) {
	spans := tracetest.NewInMemoryExporter()
	return New(sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))), spans
}

// span is what the tests compare of a span. Its times are milliseconds after the start.
type span struct {
	Name, Parent string
	From, To     int64
	Event        int64
}

// spansOf returns the spans that have ended, by name. Parents are named, or are the number of a span that is not among them.
func spansOf(exporter *tracetest.InMemoryExporter) map[string]span {
	names, all := map[string]string{}, map[string]span{}
	for _, s := range exporter.GetSpans() {
		names[s.SpanContext.SpanID().String()] = s.Name
	}
	for _, s := range exporter.GetSpans() {
		got := span{Name: s.Name, Parent: s.Parent.SpanID().String(), From: s.StartTime.Sub(start).Milliseconds(), To: s.EndTime.Sub(start).Milliseconds()}
		if name, found := names[got.Parent]; found {
			got.Parent = name
		}
		for _, event := range s.Events {
			got.Event = event.Time.Sub(start).Milliseconds()
		}
		all[s.Name] = got
	}
	return all
}

// nobody is the number of no span.
const nobody = "0000000000000000"

func TestTheSpansOfAHandover(t *testing.T) {
	cases := map[string]struct {
		handOver Handover
		want     map[string]span
	}{
		"after an event": {
			handOver: Handover{Arrived: at(10), Began: at(11), Decided: at(12), Committed: at(15)},
			want: map[string]span{
				"handover": {Parent: nobody, From: 10, To: 15},
				"watch":    {Parent: "handover", From: 10, To: 11, Event: 10},
				"decide":   {Parent: "handover", From: 11, To: 12},
				"commit":   {Parent: "handover", From: 12, To: 15},
			},
		},
		"when it has been prepared": {
			handOver: Handover{
				TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
				Prepared:    at(2), Arrived: at(10), Began: at(11), Decided: at(12), Committed: at(15),
			},
			want: map[string]span{
				"handover": {Parent: "b7ad6b7169203331", From: 2, To: 15},
				"watch":    {Parent: "handover", From: 2, To: 11, Event: 10},
				"decide":   {Parent: "handover", From: 11, To: 12},
				"commit":   {Parent: "handover", From: 12, To: 15},
			},
		},
		"when a time is over and no event caused it": {
			handOver: Handover{Began: at(11), Decided: at(12), Committed: at(15)},
			want: map[string]span{
				"handover": {Parent: nobody, From: 11, To: 15},
				"decide":   {Parent: "handover", From: 11, To: 12},
				"commit":   {Parent: "handover", From: 12, To: 15},
			},
		},
		"when its trace is not to be kept": {
			handOver: Handover{
				TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
				Prepared:    at(2), Arrived: at(10), Began: at(11), Decided: at(12), Committed: at(15),
			},
			want: map[string]span{},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			tracer, spans := newTracer()
			tracer.Handover(t.Context(), test.handOver)
			for name, want := range test.want {
				want.Name = name
				test.want[name] = want
			}
			if diff := cmp.Diff(test.want, spansOf(spans)); diff != "" {
				t.Errorf("unexpected spans (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAHandoverSaysWhoseItIs(t *testing.T) {
	tracer, spans := newTracer()
	tracer.Handover(t.Context(), Handover{
		Namespace: "shop", Service: "web", From: "a", To: "b", Term: 5, Reason: "LeaderDeleted", Path: "prepared",
		Began: at(0), Decided: at(1), Committed: at(2),
	})
	for _, s := range spans.GetSpans() {
		if s.Name != "handover" {
			continue
		}
		got := map[string]string{}
		for _, a := range s.Attributes {
			got[string(a.Key)] = a.Value.String()
		}
		want := map[string]string{
			"k8s.namespace.name": "shop", "tanist.service": "web", "tanist.from": "a", "tanist.to": "b", "tanist.term": "5",
			"tanist.reason": "LeaderDeleted", "tanist.path": "prepared",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("unexpected attributes (-want +got):\n%s", diff)
		}
		return
	}
	t.Error("there is no span of the hand-over")
}

func TestAdmissionContinuesTheAPIServersTrace(t *testing.T) {
	tracer, spans := newTracer()
	header := http.Header{}
	header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	admission := tracer.Admission(t.Context(), header, at(0))
	admission.End("shop", "a", "prepared")
	tracer.Handover(t.Context(), Handover{TraceParent: admission.TraceParent, Began: at(11), Decided: at(12), Committed: at(15)})

	for _, s := range spans.GetSpans() {
		if got := s.SpanContext.TraceID().String(); got != "0af7651916cd43dd8448eb211c80319c" {
			t.Errorf("%s is in trace %s", s.Name, got)
		}
		if s.Name == "admission" {
			want := []attribute.KeyValue{
				attribute.String("k8s.namespace.name", "shop"), attribute.String("k8s.pod.name", "a"), attribute.String("tanist.outcome", "prepared"),
			}
			if diff := cmp.Diff(want, s.Attributes, cmp.Comparer(func(a, b attribute.KeyValue) bool { return a == b })); diff != "" {
				t.Errorf("unexpected attributes (-want +got):\n%s", diff)
			}
		}
	}
	got := spansOf(spans)
	if got["admission"].Parent != "b7ad6b7169203331" || got["handover"].Parent != "admission" || len(got) != 4 {
		t.Errorf("got %+v", got)
	}
}

func TestADepartureThatConcernsNoLeaderIsNotSent(t *testing.T) {
	tracer, spans := newTracer()
	if tracer.Admission(t.Context(), http.Header{}, at(0)).TraceParent == "" {
		t.Error("the span has no identity")
	}
	if got := spansOf(spans); len(got) > 0 {
		t.Errorf("got %+v", got)
	}
}

func TestWithoutATracerNothingIsAllocated(t *testing.T) {
	var tracer *Tracer
	header, ctx := http.Header{}, t.Context()
	header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	if n := testing.AllocsPerRun(100, func() {
		admission := tracer.Admission(ctx, header, at(0))
		admission.End("shop", "a", "prepared")
		tracer.Handover(ctx, Handover{TraceParent: admission.TraceParent, Began: at(1), Decided: at(2), Committed: at(3)})
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
