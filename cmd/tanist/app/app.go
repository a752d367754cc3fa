package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/pflag"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	ctrlconfig "sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler"
)

// leaseName is the Lease that says which replica goes first.
const leaseName = "tanist"

// Run is the program: it returns when the context ends, or with the reason why it cannot go on.
func Run(ctx context.Context, args []string) error {
	o, err := parse(args)
	if errors.Is(err, pflag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	setLogger(o.Verbosity)
	cluster, err := ctrl.GetConfig()
	if err != nil {
		return fmt.Errorf("failed to find the cluster: %w", err)
	}
	mgr, err := New(ctx, cluster, o, metrics.Registry)
	if err != nil {
		return err
	}
	if err := mgr.Start(ctx); err != nil {
		return fmt.Errorf("failed to run: %w", err)
	}
	return nil
}

// New makes the manager with everything in it, and starts nothing. The metrics of ours go to the registerer.
func New(ctx context.Context, cluster *rest.Config, o Options, registerer prometheus.Registerer) (manager.Manager, error) {
	cluster = rest.CopyConfig(cluster)
	// The API server has its own flow control. A limit on this side would only delay hand-overs, when many leaders go at once.
	cluster.QPS = -1
	cluster.Wrap(reconciler.FailFast)

	skip := true
	mgr, err := manager.New(cluster, manager.Options{
		MapperProvider:                newMapper,
		Cache:                         reconciler.CacheOptions(o.Namespace),
		LeaderElection:                o.LeaderElect,
		LeaderElectionID:              leaseName,
		LeaderElectionNamespace:       o.Namespace,
		LeaderElectionReleaseOnCancel: true,
		Metrics:                       metricsserver.Options{BindAddress: o.MetricsAddress},
		HealthProbeBindAddress:        o.HealthAddress,
		// The names are constants, each used once; and several replicas may live in one process, as in the tests.
		Controller: ctrlconfig.Controller{SkipNameValidation: &skip},
	})
	if err != nil {
		return nil, fmt.Errorf("failed to make manager: %w", err)
	}
	if err := reconciler.Setup(ctx, mgr, reconciler.Options{
		Namespace: o.Namespace, Leaders: cache.New(), Tuning: config.NewStore(), Registerer: registerer,
	}); err != nil {
		return nil, err
	}
	if err := mgr.AddHealthzCheck("ping", healthz.Ping); err != nil {
		return nil, fmt.Errorf("failed to add health check: %w", err)
	}
	if err := mgr.AddReadyzCheck("caches", cachesSynced(mgr)); err != nil {
		return nil, fmt.Errorf("failed to add readiness check: %w", err)
	}
	return mgr, nil
}

// probePatience is how long a readiness check waits for the caches: not long, the kubelet asks again.
const probePatience = 100 * time.Millisecond

// cachesSynced is ready once every informer knows all that there is.
func cachesSynced(mgr manager.Manager) healthz.Checker {
	return func(request *http.Request) error {
		ctx, cancel := context.WithTimeout(request.Context(), probePatience)
		defer cancel()
		if !mgr.GetCache().WaitForCacheSync(ctx) {
			return errors.New("the caches are not synced")
		}
		return nil
	}
}

// setLogger makes everyone log to standard error as JSON. The levels of logr are the negative ones of slog; without any verbosity
// only errors are logged: what a user must mend is in the Events.
func setLogger(verbosity int) {
	level := slog.LevelWarn
	if verbosity > 0 {
		level = slog.Level(-verbosity)
	}
	logger := logr.FromSlogHandler(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	ctrl.SetLogger(logger)
	klog.SetLogger(logger)
}
