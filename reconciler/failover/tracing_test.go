package failover

import (
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	"github.com/google/go-cmp/cmp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/tracing"
)

// traced gives the fixture a tracer, and returns where its spans are.
func (f *fixture) traced() *tracetest.InMemoryExporter {
	spans := tracetest.NewInMemoryExporter()
	f.tracer = tracing.New(sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans)))
	return spans
}

// byName returns the spans by name.
func byName(spans *tracetest.InMemoryExporter) map[string]tracetest.SpanStub {
	all := map[string]tracetest.SpanStub{}
	for _, span := range spans.GetSpans() {
		all[span.Name] = span
	}
	return all
}

func TestAHandoverIsTraced(t *testing.T) {
	const call, trace = "b7ad6b7169203331", "0af7651916cd43dd8448eb211c80319c"
	cases := map[string]struct {
		prepare bool
		// wantParent is the span that the whole hand-over is a part of.
		wantParent string
		wantPath   string
	}{
		"when admission has prepared it": {prepare: true, wantParent: call, wantPath: "prepared"},
		"when admission was not called":  {wantParent: "0000000000000000", wantPath: "unprepared"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			f := newLeaseHolder(t)
			if _, err := f.reconcile(); err != nil {
				t.Fatal(err)
			}
			spans := f.traced()
			if test.prepare {
				f.PrepareDeparture(cache.Departure{
					Namespace: "shop", Name: "a1", UID: "a1-uid", TraceParent: "00-" + trace + "-" + call + "-01",
				}, time.Now())
			}
			f.deleteLeader()
			if _, err := f.reconcile(); err != nil {
				t.Fatal(err)
			}
			f.expectNewTerm("b2")
			got := byName(spans)
			whole := got["handover"]
			if whole.Parent.SpanID().String() != test.wantParent {
				t.Errorf("the hand-over is a part of span %s, want %s", whole.Parent.SpanID(), test.wantParent)
			}
			attributes := map[string]string{}
			for _, attribute := range whole.Attributes {
				attributes[string(attribute.Key)] = attribute.Value.String()
			}
			delete(attributes, "tanist.term")
			if diff := cmp.Diff(map[string]string{
				"k8s.namespace.name": "shop", "tanist.service": "web", "tanist.from": "a1", "tanist.to": "b2",
				"tanist.reason": "LeaderDeleted", "tanist.path": test.wantPath,
			}, attributes); diff != "" {
				t.Errorf("unexpected attributes (-want +got):\n%s", diff)
			}
			last := whole.StartTime
			for _, part := range []string{"watch", "decide", "commit"} {
				span, found := got[part]
				if !found || span.Parent.SpanID() != whole.SpanContext.SpanID() {
					t.Fatalf("there is no span %s of the hand-over", part)
				}
				if !span.StartTime.Equal(last) {
					t.Errorf("%s begins at %s, and what was before it ends at %s", part, span.StartTime, last)
				}
				last = span.EndTime
			}
			if !whole.EndTime.Equal(last) {
				t.Errorf("the hand-over ends at %s, and its last part at %s", whole.EndTime, last)
			}
		})
	}
}

func TestADecisionThatMovesNobodyIsNotTraced(t *testing.T) {
	f := newLeaseHolder(t)
	spans := f.traced()
	if _, err := f.reconcile(); err != nil {
		t.Fatal(err)
	}
	if got := byName(spans); len(got) > 0 {
		t.Errorf("got %v", got)
	}
}

func TestAChangeOfLeaderIsOneLineOfTheLog(t *testing.T) {
	f := newLeaseHolder(t)
	var lines []string
	f.log = funcr.New(func(_, args string) { lines = append(lines, args) }, funcr.Options{})
	for range 2 {
		f.deleteLeader()
		if _, err := f.reconcile(); err != nil {
			t.Fatal(err)
		}
	}
	if len(lines) != 1 {
		t.Errorf("got %d lines, want one: %v", len(lines), lines)
	}
}
