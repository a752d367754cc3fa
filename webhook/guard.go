package webhook

import (
	"context"
	"fmt"
	"runtime/debug"

	logf "sigs.k8s.io/controller-runtime/pkg/log"
	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"
)

// guard is a handler that lets a request pass when judging it fails.
//
// The webhooks' failurePolicy Ignore does not do that: it covers only calls that get no proper answer. An error that a handler
// returns as a response, and a panic that controller-runtime recovers, are proper answers, and deny.
type guard struct {
	name    string
	metrics *metrics
	// handle judges a request. An error is a failure of ours; what a user wrote wrong is a response that refuses.
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

func (g guard) failed(ctx context.Context, err error) ctrlwebhook.AdmissionResponse {
	g.metrics.failures.WithLabelValues(g.name).Inc()
	logf.FromContext(ctx).Error(err, "Request let through: it could not be judged", "webhook", g.name)
	return ctrlwebhook.Allowed("")
}
