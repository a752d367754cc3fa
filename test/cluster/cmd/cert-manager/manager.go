package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	controllerpkg "github.com/cert-manager/cert-manager/pkg/controller"
	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

// newManager builds all controllers and starts none. It fails when the CRDs are not served.
func newManager(ctx context.Context, o options) (ctrl.Manager, error) {
	factory, err := controllerpkg.NewContextFactory(ctx, contextOptions(o))
	if err != nil {
		return nil, fmt.Errorf("failed to build cert-manager's context: %w", err)
	}
	// The component becomes the user agent of the manager's client, and the injector takes its field manager from there: without
	// one its server-side applies are refused.
	shared, err := factory.Build("cainjector")
	if err != nil {
		return nil, fmt.Errorf("failed to build cert-manager's clients: %w", err)
	}
	scheme, err := injectorScheme()
	if err != nil {
		return nil, err
	}
	mgr, err := ctrl.NewManager(shared.RESTConfig, ctrl.Options{
		Scheme: scheme,
		// The injector watches the metadata of Secrets and reads one when it needs it, as upstream.
		Client:                 client.Options{Cache: &client.CacheOptions{DisableFor: []client.Object{&corev1.Secret{}}}},
		Metrics:                metricsserver.Options{BindAddress: "0"},
		HealthProbeBindAddress: o.listen,
	})
	if err != nil {
		return nil, fmt.Errorf("failed to build the manager: %w", err)
	}
	if err := addInjector(ctx, mgr); err != nil {
		return nil, err
	}
	if err := addIssuance(mgr, factory); err != nil {
		return nil, err
	}
	return mgr, addInformers(mgr, shared)
}

// addInformers comes last: upstream's informer factories start what the controllers have asked for by then. The manager runs
// it after its own cache, the injector's, has synced.
func addInformers(mgr ctrl.Manager, shared *controllerpkg.Context) error {
	synced := make(chan struct{})
	start := func(ctx context.Context) error {
		shared.SharedInformerFactory.Start(ctx.Done())
		shared.KubeSharedInformerFactory.Start(ctx.Done())
		shared.SharedInformerFactory.WaitForCacheSync(ctx.Done())
		shared.KubeSharedInformerFactory.WaitForCacheSync(ctx.Done())
		if ctx.Err() == nil {
			close(synced)
		}
		return nil
	}
	ready := func(*http.Request) error {
		select {
		case <-synced:
			return nil
		default:
			return errors.New("informers have not synced")
		}
	}
	return errors.Join(
		mgr.Add(runnable(start)),
		mgr.AddHealthzCheck("ping", healthz.Ping),
		mgr.AddReadyzCheck("informers", ready),
	)
}
