package app

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/pflag"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	ctrlconfig "sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler"
	"github.com/tanist-dev/tanist/reconciler/commitrules"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/retry"
	"github.com/tanist-dev/tanist/tracing"
)

// Telemetry is how the program tells what it does. What is left out is not told.
type Telemetry struct {
	// Registerer registers Tanist's own metrics. It is required.
	Registerer prometheus.Registerer
	// Log gets a line for the start, and one for each change of leader.
	Log logr.Logger
	// Tracer makes the spans of hand-overs.
	Tracer *tracing.Tracer
}

// Run runs the program, whose version is given. It returns when the context ends, or with the error that stopped it.
func Run(ctx context.Context, version string, args []string) error {
	o, err := parse(args)
	if errors.Is(err, pflag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	if o.ShowVersion {
		fmt.Println("tanist version", version)
		return nil
	}
	o.Version = version
	log := setLogger(o.Verbosity)
	limitMemory()
	if os.Getenv("GOGC") == "" {
		go limitGarbage(ctx)
	}
	if err := EndSilentConnections(); err != nil {
		return err
	}
	cluster, err := ctrl.GetConfig()
	if err != nil {
		return fmt.Errorf("failed to get cluster config: %w", err)
	}
	tracer, sendLastSpans, err := newTracer(ctx, o)
	if err != nil {
		return err
	}
	defer sendLastSpans()
	mgr, err := New(ctx, cluster, o, Telemetry{Registerer: metrics.Registry, Log: log, Tracer: tracer})
	if err != nil {
		return err
	}
	if err := mgr.Start(ctx); err != nil {
		return fmt.Errorf("failed to run: %w", err)
	}
	return nil
}

// New returns the manager with everything in it, and starts nothing.
func New(ctx context.Context, cluster *rest.Config, o Options, telemetry Telemetry) (manager.Manager, error) {
	cluster = rest.CopyConfig(cluster)
	// The API server has its own flow control. A limit here would only delay hand-overs when many leaders go together.
	cluster.QPS = -1
	// The API server compresses every event of a watch separately. Decompressing it would delay each hand-over.
	cluster.DisableCompression = true
	cluster.Wrap(retry.FailFast)
	clock := &commitrules.Clock{}
	cluster.Wrap(clock.Wrap)

	observation, err := newObservation(cluster, o)
	if err != nil {
		return nil, err
	}
	dialBriefly(cluster)
	lease, err := newLease(cluster, o.Namespace)
	if err != nil {
		return nil, err
	}
	admission, err := newAdmission(o)
	if err != nil {
		return nil, err
	}
	skip, duration, deadline, period := true, leaseDuration, renewDeadline, retryPeriod
	unprobed, err := manager.New(cluster, manager.Options{
		MapperProvider:                newMapper,
		Cache:                         store.CacheOptions(o.Namespace),
		LeaderElection:                o.LeaderElect,
		LeaderElectionReleaseOnCancel: true,
		LeaseDuration:                 &duration, RenewDeadline: &deadline, RetryPeriod: &period,
		LeaderElectionResourceLockInterface: lease,
		// The manager's own servers limit nothing that a client can use up.
		Metrics:                metricsserver.Options{BindAddress: "0"},
		HealthProbeBindAddress: "0",
		PprofBindAddress:       o.PprofAddress,
		// The names of controllers are constants, each used once. In tests, several replicas run in one process.
		Controller: ctrlconfig.Controller{SkipNameValidation: &skip},
	})
	if err != nil {
		return nil, fmt.Errorf("failed to create manager: %w", err)
	}
	mgr, err := withProbes(unprobed, o.HealthAddress)
	if err != nil {
		return nil, err
	}
	if err := addMetrics(mgr, o, admission); err != nil {
		return nil, err
	}
	if err := registerBuildInfo(telemetry.Registerer, o.Version); err != nil {
		return nil, err
	}
	tuning := config.NewStore()
	known, err := reconciler.Setup(ctx, mgr, reconciler.Options{
		Namespace: o.Namespace, WatchNamespaces: o.WatchNamespaces, Leaders: cache.New(), Tuning: tuning, Clock: clock,
		Holds:             func() bool { return !o.LeaderElect || lease.Held() },
		ServesNoAdmission: o.WebhookPort == 0,
		Registerer:        telemetry.Registerer, Log: telemetry.Log, Tracer: telemetry.Tracer,
		Started: logStart(telemetry.Log, o), Observation: observation, Grants: grantsOf(o, admission),
	})
	if err != nil {
		return nil, err
	}
	lease.older, lease.regained = known.OlderReplicas, known.EnqueueAll
	if o.WebhookPort != 0 {
		if err := admission.setup(ctx, mgr, o, tuning, known, telemetry); err != nil {
			return nil, err
		}
	}
	if err := addChecks(ctx, mgr); err != nil {
		return nil, err
	}
	return mgr, nil
}
