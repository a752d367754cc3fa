package app

import (
	"context"
	"fmt"
	"os"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/tanist-dev/tanist/tracing"
)

// lastSpansTimeout is how long the program waits at its end until the last spans are sent.
const lastSpansTimeout = 2 * time.Second

// newTracer returns a tracer that sends spans to a collector, and what sends the last ones at the end. Without an endpoint the tracer is nil.
// OpenTelemetry's own variables set everything else: the sampler, TLS, headers, attributes.
func newTracer(ctx context.Context, o Options) (tracer *tracing.Tracer, end func(), err error) {
	var options []otlptracegrpc.Option
	switch {
	case o.TracingEndpoint != "":
		options = append(options, otlptracegrpc.WithEndpointURL(o.TracingEndpoint))
	case os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "" && os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") == "":
		return nil, func() {}, nil
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { ctrl.Log.Error(err, "Failed to send spans") }))
	exporter, err := otlptracegrpc.New(ctx, options...) // it connects later
	if err != nil {
		return nil, nil, fmt.Errorf("failed to create exporter of spans: %w", err)
	}
	pod, err := podName()
	if err != nil {
		return nil, nil, err
	}
	about, err := resource.New(ctx, resource.WithTelemetrySDK(), resource.WithAttributes(
		attribute.String("service.name", "tanist"), attribute.String("service.version", o.Version),
		attribute.String("service.instance.id", pod), attribute.String("k8s.pod.name", pod),
		attribute.String("k8s.namespace.name", o.Namespace)), resource.WithFromEnv())
	if err != nil {
		return nil, nil, fmt.Errorf("failed to describe what sends spans: %w", err)
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about))
	return tracing.New(provider), func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastSpansTimeout)
		defer cancel()
		if err := provider.Shutdown(ctx); err != nil {
			ctrl.Log.Error(err, "Failed to send the last spans")
		}
	}, nil
}
