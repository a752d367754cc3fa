package webhook

import (
	"context"
	"fmt"
	"runtime/debug"

	logf "sigs.k8s.io/controller-runtime/pkg/log"
	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"
)

// guard is an admission handler that allows a request if handling it fails.
//
// The webhooks' failurePolicy Ignore is not enough: it covers only calls without a proper response. An error that a handler returns as a
// response, and a panic that controller-runtime recovers, are proper responses, and deny the request.
type guard struct {
	name    string
	metrics *metrics
	// handle returns the response to a request. An error is a failure of Tanist; a user's mistake is a response that refuses the request.
	handle func(context.Context, ctrlwebhook.AdmissionRequest) (ctrlwebhook.AdmissionResponse, error)
}

// Handle implements ctrlwebhook.AdmissionHandler.
func (g guard) Handle(ctx context.Context, request ctrlwebhook.AdmissionRequest) (response ctrlwebhook.AdmissionResponse) {
	defer func() {
		if panicked := recover(); panicked != nil {
			response = g.failed(ctx, fmt.Errorf("panic: %v\n%s", panicked, debug.Stack()))
		}
	}()
	response, err := g.handle(ctx, request)
	if err != nil {
		return g.failed(ctx, err)
	}
	return response
}

// failed counts and logs a failure, and returns a response that allows the request.
func (g guard) failed(ctx context.Context, err error) ctrlwebhook.AdmissionResponse {
	g.metrics.failures.WithLabelValues(g.name).Inc()
	logf.FromContext(ctx).Error(err, "Failed to handle an admission request; it was allowed", "webhook", g.name)
	return ctrlwebhook.Allowed("")
}
