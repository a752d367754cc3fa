package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/tanist-dev/tanist/reconciler/store"
)

// addChecks adds the checks of the whole program, which runs until ctx ends. admission.setup adds those of admission.
func addChecks(ctx context.Context, mgr manager.Manager) error {
	if err := mgr.AddHealthzCheck("ping", healthz.Ping); err != nil {
		return fmt.Errorf("failed to add health check: %w", err)
	}
	for name, check := range map[string]healthz.Checker{"caches": store.Synced(mgr.GetCache()), "running": running(ctx)} {
		if err := mgr.AddReadyzCheck(name, check); err != nil {
			return fmt.Errorf("failed to add readiness check %s: %w", name, err)
		}
	}
	return nil
}

// running fails as soon as the program is told to stop. Its servers stop last, after everything else.
func running(ctx context.Context) healthz.Checker {
	return func(*http.Request) error {
		if ctx.Err() != nil {
			return errors.New("tanist is shutting down")
		}
		return nil
	}
}
