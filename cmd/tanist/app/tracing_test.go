package app

import (
	"context"
	"net"
	"testing"
	"time"

	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"

	"github.com/tanist-dev/tanist/tracing"
)

// collector is what spans are sent to.
type collector struct {
	coltracepb.UnimplementedTraceServiceServer
	requests chan *coltracepb.ExportTraceServiceRequest
}

// Export implements coltracepb.TraceServiceServer.
func (c *collector) Export(_ context.Context, request *coltracepb.ExportTraceServiceRequest) (*coltracepb.ExportTraceServiceResponse, error) {
	c.requests <- request
	return &coltracepb.ExportTraceServiceResponse{}, nil
}

// newCollector returns a collector, and its URL.
func newCollector(t *testing.T) (c *collector, url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c = &collector{requests: make(chan *coltracepb.ExportTraceServiceRequest, 10)}
	server := grpc.NewServer()
	coltracepb.RegisterTraceServiceServer(server, c)
	go server.Serve(listener) //nolint:errcheck // it ends with the test
	t.Cleanup(server.Stop)
	return c, "http://" + listener.Addr().String()
}

func TestSpansAreSentToTheEndpoint(t *testing.T) {
	for _, test := range map[string]struct{ flag, variable bool }{"of the flag": {flag: true}, "of the variable": {variable: true}} {
		c, url := newCollector(t)
		o := Options{Namespace: "tanist-system", Version: "v1"}
		if test.flag {
			o.TracingEndpoint = url
		}
		if test.variable {
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
		}
		tracer, end, err := newTracer(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		now := time.Now()
		tracer.Handover(t.Context(), tracing.Handover{Service: "web", Began: now, Decided: now, Committed: now})
		end()
		select {
		case request := <-c.requests:
			got := map[string]string{}
			for _, attribute := range request.ResourceSpans[0].Resource.Attributes {
				got[attribute.Key] = attribute.Value.GetStringValue()
			}
			if got["service.name"] != "tanist" || got["service.version"] != "v1" || got["k8s.namespace.name"] != "tanist-system" {
				t.Errorf("the spans are of %v", got)
			}
			if n := len(request.ResourceSpans[0].ScopeSpans[0].Spans); n != 3 {
				t.Errorf("got %d spans, want the hand-over and two parts", n)
			}
		default:
			t.Error("nothing was sent")
		}
	}
}

func TestWithoutAnEndpointThereIsNoTracer(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")
	tracer, end, err := newTracer(t.Context(), Options{})
	if tracer != nil || err != nil {
		t.Errorf("got %v, %v", tracer, err)
	}
	end()
}
