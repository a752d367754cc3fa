package reconciler

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/client-go/util/workqueue"
	ctrlcache "sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/failover"
	"github.com/tanist-dev/tanist/reconciler/leaderservice"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/reconciler/tuning"
)

// Options are what the controllers share with the rest of the program.
type Options struct {
	// Namespace is Tanist's own, where the tuning is.
	Namespace string
	Leaders   *cache.Leaders
	Tuning    *config.Store
	// Clock tells the API server's time.
	Clock *failover.Clock
	// Holds reports whether this replica holds the Lease for certain.
	Holds func() bool
	// Registerer takes the metrics.
	Registerer prometheus.Registerer
}

// The delays of the work queues after an error: a hand-over is never given up, and never far away.
const (
	firstRetryDelay = 5 * time.Millisecond
	lastRetryDelay  = 10 * time.Second
)

// failoverWorkers is the most Services that are handled at a time; the tuning's commit.concurrency, which may change while they
// run, is at most this.
const failoverWorkers = 256

// leaderServiceWorkers is few: nobody waits for the leader Services' copies.
const leaderServiceWorkers = 4

// Setup adds the controllers to a manager, whose cache must have been made with CacheOptions. What it returns is for admission.
func Setup(ctx context.Context, mgr manager.Manager, options Options) (*Admission, error) {
	selected, err := store.AddCache(mgr, "selected-slices", &discoveryv1.EndpointSlice{}, ctrlcache.ByObject{Label: store.SelectedSlices()})
	if err != nil {
		return nil, err
	}
	states, err := store.AddStateCache(mgr, options.Namespace)
	if err != nil {
		return nil, err
	}
	views, err := store.New(ctx, mgr.GetCache(), selected, states, options.Namespace)
	if err != nil {
		return nil, err
	}
	if err := options.Registerer.Register(options.Leaders); err != nil {
		return nil, fmt.Errorf("failed to register metrics of leader cache: %w", err)
	}
	quiet, all, standing := &notify.QuietPeriod{}, &store.AllServicesEnqueuer{Stores: views}, &store.Enqueuer{}
	sender := notify.NewEventSender(mgr.GetClient(), quiet)
	if err := options.Registerer.Register(sender.Metrics()); err != nil {
		return nil, fmt.Errorf("failed to register metrics of Events: %w", err)
	}
	recorder := sender.Recorder(ctx)

	t, err := tuning.New(tuning.Options{
		Namespace: options.Namespace, Stores: views, Live: mgr.GetAPIReader(), Client: mgr.GetClient(), Tuning: options.Tuning,
		Holds: options.Holds, Registerer: options.Registerer, Recorder: recorder, EnqueueAll: all.EnqueueAll,
	})
	if err != nil {
		return nil, err
	}
	s, err := failover.New(failover.Options{
		Stores: views, Live: mgr.GetAPIReader(), Client: mgr.GetClient(), Leaders: options.Leaders, Tuning: options.Tuning,
		Clock: options.Clock, Holds: options.Holds, Registerer: options.Registerer,
		Events: sender, Recorder: recorder, Quiet: quiet, EnqueueAll: all.EnqueueAll, Standing: standing,
	})
	if err != nil {
		return nil, err
	}
	l, err := leaderservice.New(leaderservice.Options{
		Stores: views, Live: mgr.GetAPIReader(), Client: mgr.GetClient(), Leaders: options.Leaders, Tuning: options.Tuning,
		Registerer: options.Registerer, Recorder: recorder, Quiet: quiet, Standing: standing,
	})
	if err != nil {
		return nil, err
	}
	if err := addTo(mgr, t, s, l, sender, all, selected, states); err != nil {
		return nil, err
	}
	admission := newAdmission(views, s, all)
	return admission, admission.windows.watch(ctx, mgr.GetCache())
}

// addTo adds the controllers with what they watch.
func addTo(
	mgr manager.Manager, t *tuning.Controller, s *failover.Controller, l *leaderservice.Controller, sender *notify.EventSender, all *store.AllServicesEnqueuer, selected, states ctrlcache.Cache,
) error {
	informers := mgr.GetCache()
	first := []source.Source{t.Load(), all.Source()}
	failoverController, err := build(mgr, "failover", s, everyReplica, failoverWorkers, append(first, s.Sources(informers)...)...)
	if err != nil {
		return err
	}
	leaderServiceController, err := build(mgr, "leaderservice", l, holderOfLease, leaderServiceWorkers, l.Sources(informers, selected)...)
	if err != nil {
		return err
	}
	tuningRunnable, err := build(mgr, "tuning", t, everyReplica, 1, t.Sources(informers, states)...)
	if err != nil {
		return err
	}
	for _, runnable := range []manager.Runnable{
		notify.FlushingController{Controller: failoverController, Sender: sender}, leaderServiceController, tuningRunnable,
		whenElected(all.EnqueueAll), // what was left to the holder of the Lease is this replica's to do once it is that itself
	} {
		if err := mgr.Add(runnable); err != nil {
			return err
		}
	}
	return nil
}

// whenElected is called when this replica begins to hold the Lease.
type whenElected func()

// Start implements manager.Runnable.
func (w whenElected) Start(context.Context) error {
	w()
	return nil
}

// NeedLeaderElection implements manager.LeaderElectionRunnable.
func (whenElected) NeedLeaderElection() bool { return holderOfLease }

// Where a controller runs.
const (
	everyReplica  = false
	holderOfLease = true
)

// build makes a controller with all its sources, so that nothing is reconciled before all of them are synced: a restart of every
// replica must not move a leader because its pods are not known yet.
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
		return nil, fmt.Errorf("failed to make controller %s: %w", name, err)
	}
	for _, source := range sources {
		if err := c.Watch(source); err != nil {
			return nil, fmt.Errorf("failed to watch for controller %s: %w", name, err)
		}
	}
	return c, nil
}
