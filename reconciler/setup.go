package reconciler

import (
	"context"
	"fmt"
	"time"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/afterhandover"
	"github.com/tanist-dev/tanist/reconciler/failover"
	"github.com/tanist-dev/tanist/reconciler/leaderservice"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/reconciler/tuning"
)

// The delays of the work queues after an error. A hand-over is never given up, so the longest delay is short.
const (
	firstRetryDelay = 5 * time.Millisecond
	lastRetryDelay  = 10 * time.Second
)

const (
	// preparedWorkers are free for what admission has prepared, whatever the tuning's commit.concurrency, which may change while the controller
	// runs.
	preparedWorkers = 16
	failoverWorkers = config.MaxConcurrency + preparedWorkers
	// leaderServiceWorkers is a small number, because no hand-over waits for the leader Services. A namespace gets a quarter of them at most.
	leaderServiceWorkers = 16
)

// Setup adds the controllers to a manager. The cache of the manager must have been created with store.CacheOptions. Setup returns what
// admission needs.
func Setup(ctx context.Context, mgr manager.Manager, options Options) (*Admission, error) {
	stores, watched, err := store.Watch(ctx, mgr, options.Namespace, options.WatchNamespaces, options.Log)
	if err != nil {
		return nil, err
	}
	if err := options.Registerer.Register(watched.Namespaced); err != nil {
		return nil, fmt.Errorf("failed to register metrics of namespaces: %w", err)
	}
	if err := options.Registerer.Register(stores); err != nil {
		return nil, fmt.Errorf("failed to register metrics of informers: %w", err)
	}
	if err := options.Registerer.Register(options.Leaders); err != nil {
		return nil, fmt.Errorf("failed to register metrics of leader cache: %w", err)
	}
	quiet, all, successorChanges := &notify.QuietPeriod{}, &store.AllServicesEnqueuer{Stores: stores}, &store.Enqueuer{}
	sender := notify.NewEventSender(mgr.GetClient(), quiet)
	if err := options.Registerer.Register(sender.Metrics()); err != nil {
		return nil, fmt.Errorf("failed to register metrics of Events: %w", err)
	}
	recorder := sender.Recorder(ctx)
	observer, err := options.newObserver(mgr, stores)
	if err != nil {
		return nil, err
	}

	// Decisions and grants cannot wait until a lost API server is known to be lost, nor for each other.
	newHedgedReader := func() client.Reader {
		return hedgedReader{newHedge[client.Reader](mgr.GetAPIReader(), options.Observation.Hedge)}
	}
	if err := options.addGrants(ctx, mgr, newHedgedReader(), stores, watched); err != nil {
		return nil, err
	}
	// The controllers end one after another, and each waits for its own Events.
	c := controllers{failoverEvents: sender, afterHandoverEvents: sender.Separate(), all: all}
	c.tuning, err = tuning.New(tuning.Options{
		Namespace: options.Namespace, Stores: stores, Live: mgr.GetAPIReader(), Client: mgr.GetClient(), Tuning: options.Tuning,
		Holds: options.Holds, Registerer: options.Registerer, Recorder: recorder, EnqueueAll: all.EnqueueAll, Loaded: options.Started,
	})
	if err != nil {
		return nil, err
	}
	c.failover, err = failover.New(failover.Options{
		Stores: stores, Live: newHedgedReader(), Client: mgr.GetClient(), Leaders: options.Leaders, Tuning: options.Tuning,
		Clock: options.Clock, Holds: options.Holds, ServesNoAdmission: options.ServesNoAdmission, Registerer: options.Registerer, Log: options.Log,
		Tracer: options.Tracer, Events: sender, Recorder: recorder, Quiet: quiet, EnqueueAll: all.EnqueueAll, SuccessorChanges: successorChanges,
		Observer: observer, Hedge: options.Observation.Hedge,
	})
	if err != nil {
		return nil, err
	}
	observer.Changed = c.failover.VerdictChanged
	c.leaderService, err = leaderservice.New(leaderservice.Options{
		Stores: stores, Live: mgr.GetAPIReader(), Client: mgr.GetClient(), Status: mgr.GetClient().Status(),
		Leaders: options.Leaders, Tuning: options.Tuning,
		Registerer: options.Registerer, Recorder: recorder, Quiet: quiet, SuccessorChanges: successorChanges,
	})
	if err != nil {
		return nil, err
	}
	c.afterHandover, err = afterhandover.New(afterhandover.Options{
		Stores: stores, Live: mgr.GetAPIReader(), Evictions: mgr.GetClient().SubResource("eviction"), Tuning: options.Tuning,
		Clock: options.Clock, Holds: options.Holds, Registerer: options.Registerer, Recorder: c.afterHandoverEvents.FlushedRecorder(ctx),
	})
	if err != nil {
		return nil, err
	}
	if err := c.addTo(mgr, watched); err != nil {
		return nil, err
	}
	if len(options.WatchNamespaces) > 0 {
		if err := mgr.Add(&unwatched{namespaces: watched.Cluster, stores: stores, recorder: recorder, log: mgr.GetLogger()}); err != nil {
			return nil, fmt.Errorf("failed to add reports of namespaces: %w", err)
		}
	}
	admission := newAdmission(stores, c.failover, all)
	admission.informers, admission.types, admission.Events = watched.Namespaced, c.leaderService, recorder
	admission.windows.watch(watched.Namespaced)
	return admission, nil
}

// controllers are the controllers, and what they share.
type controllers struct {
	failover      *failover.Controller
	leaderService *leaderservice.Controller
	afterHandover *afterhandover.Controller
	tuning        *tuning.Controller
	all           *store.AllServicesEnqueuer

	failoverEvents, afterHandoverEvents *notify.EventSender
}

// addTo adds the controllers to a manager, with their sources.
func (c *controllers) addTo(mgr manager.Manager, watched *store.Watched) error {
	sources := append([]source.Source{c.tuning.Load(), c.all.Source()}, c.failover.Sources(watched)...)
	failoverRunnable, err := build(mgr, "failover", c.failover, everyReplica, failoverWorkers, sources...)
	if err != nil {
		return err
	}
	leaderServiceRunnable, err := build(mgr, "leaderservice", c.leaderService, leaseHolder, leaderServiceWorkers,
		append(c.leaderService.Sources(watched), c.all.Source())...)
	if err != nil {
		return err
	}
	afterHandoverRunnable, err := build(mgr, "afterhandover", c.afterHandover, leaseHolder, afterhandover.Workers, c.afterHandover.Sources(watched)...)
	if err != nil {
		return err
	}
	tuningRunnable, err := build(mgr, "tuning", c.tuning, everyReplica, 1, c.tuning.Sources(watched.Cluster, watched.States)...)
	if err != nil {
		return err
	}
	for _, runnable := range []manager.Runnable{
		notify.FlushingController{Controller: failoverRunnable, Sender: c.failoverEvents}, leaderServiceRunnable,
		notify.FlushingController{Controller: afterHandoverRunnable, Sender: c.afterHandoverEvents}, tuningRunnable,
		whenElected(c.all.EnqueueAll), whenElected(c.tuning.Elected), // this replica may now do what it left to the holder of the Lease before
	} {
		if err := mgr.Add(runnable); err != nil {
			return err
		}
	}
	return nil
}

// whenElected is a function that the manager calls when this replica begins to hold the Lease.
type whenElected func()

// Start implements manager.Runnable.
func (w whenElected) Start(context.Context) error {
	w()
	return nil
}

// NeedLeaderElection implements manager.LeaderElectionRunnable.
func (whenElected) NeedLeaderElection() bool { return leaseHolder }

// The replicas that run a controller: the values of its option NeedLeaderElection.
const (
	everyReplica = false
	leaseHolder  = true
)

// build returns a controller with all its sources. The controller reconciles nothing before all sources are synced. If it
// did, a restart of every replica could move a leader because its pods are not known yet.
func build(
	mgr manager.Manager, name string, r reconcile.Reconciler, needsLease bool, workers int, sources ...source.Source,
) (controller.Controller, error) {
	options := controller.Options{
		Reconciler:              r,
		NeedLeaderElection:      &needsLease,
		MaxConcurrentReconciles: workers,
		RateLimiter: workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](
			firstRetryDelay, lastRetryDelay),
	}
	options.DefaultFromConfig(mgr.GetControllerOptions())
	c, err := controller.NewUnmanaged(name, options)
	if err != nil {
		return nil, fmt.Errorf("failed to create controller %s: %w", name, err)
	}
	for _, source := range sources {
		if err := c.Watch(source); err != nil {
			return nil, fmt.Errorf("failed to watch for controller %s: %w", name, err)
		}
	}
	return c, nil
}
