package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/pflag"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	ctrlconfig "sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler"
	"github.com/tanist-dev/tanist/reconciler/failover"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/retry"
	"github.com/tanist-dev/tanist/webhook"
)

// leaseName is the Lease whose holder keeps the leader Services, and makes voluntary moves.
const leaseName = config.LeaseName

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
	// The API server compresses each event of an informer's watch by itself, and we would unpack it before we see that a leader goes.
	cluster.DisableCompression = true
	cluster.Wrap(retry.FailFast)
	clock := &failover.Clock{}
	cluster.Wrap(clock.Wrap)

	lease, err := newLease(cluster, o.Namespace)
	if err != nil {
		return nil, err
	}
	admission, err := newAdmission(o)
	if err != nil {
		return nil, err
	}
	skip, duration, deadline, period := true, leaseDuration, renewDeadline, retryPeriod
	mgr, err := manager.New(cluster, manager.Options{
		MapperProvider:                newMapper,
		Cache:                         store.CacheOptions(o.Namespace),
		LeaderElection:                o.LeaderElect,
		LeaderElectionReleaseOnCancel: true,
		LeaseDuration:                 &duration, RenewDeadline: &deadline, RetryPeriod: &period,
		LeaderElectionResourceLockInterface: lease,
		Metrics:                             metricsserver.Options{BindAddress: o.MetricsAddress},
		HealthProbeBindAddress:              o.HealthAddress,
		WebhookServer:                       admission.server,
		// The names are constants, each used once; and several replicas may live in one process, as in the tests.
		Controller: ctrlconfig.Controller{SkipNameValidation: &skip},
	})
	if err != nil {
		return nil, fmt.Errorf("failed to make manager: %w", err)
	}
	tuning := config.NewStore()
	known, err := reconciler.Setup(ctx, mgr, reconciler.Options{
		Namespace: o.Namespace, Leaders: cache.New(), Tuning: tuning, Clock: clock,
		Holds:      func() bool { return !o.LeaderElect || lease.Held() },
		Registerer: registerer,
	})
	if err != nil {
		return nil, err
	}
	lease.older, lease.regained = known.OlderReplicas, known.EnqueueAll
	if o.WebhookPort != 0 {
		if err := admission.setup(ctx, mgr, o, registerer); err != nil {
			return nil, err
		}
		if err := webhook.Register(mgr.GetWebhookServer(), webhook.Options{
			Namespace: o.Namespace, Tuning: tuning, Successions: known, Services: known, Registerer: registerer,
		}); err != nil {
			return nil, err
		}
	}
	if err := addChecks(ctx, mgr); err != nil {
		return nil, err
	}
	return mgr, nil
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
