package reconciler

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/workqueue"
	ctrlcache "sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
)

// Options are what the controllers share with the rest of the program.
type Options struct {
	// Namespace is Tanist's own, where the tuning is.
	Namespace string
	Leaders   *cache.Leaders
	Tuning    *config.Store
	// Clock tells the API server's time.
	Clock *Clock
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

// successionWorkers is the most Services that are handled at a time; the tuning's commit.concurrency, which may change while they
// run, is at most this.
const successionWorkers = 256

// stewardshipWorkers is few: nobody waits for stewardship.
const stewardshipWorkers = 4

// recorderName is the reporting controller of our Events.
const recorderName = config.ManagedBy

// Setup adds the controllers to a manager, whose cache must have been made with CacheOptions. What it returns is for admission.
func Setup(ctx context.Context, mgr manager.Manager, options Options) (*Admission, error) {
	selected, err := addCache(mgr, "selected-slices", &discoveryv1.EndpointSlice{}, ctrlcache.ByObject{Label: selectedOnes()})
	if err != nil {
		return nil, err
	}
	states, err := addStateCache(mgr, options.Namespace)
	if err != nil {
		return nil, err
	}
	views, err := newViews(ctx, mgr.GetCache(), selected, states)
	if err != nil {
		return nil, err
	}
	views.installation = options.Namespace
	metrics, err := newMetrics(options.Registerer, options.Tuning)
	if err != nil {
		return nil, fmt.Errorf("failed to register metrics: %w", err)
	}
	if err := options.Registerer.Register(options.Leaders); err != nil {
		return nil, fmt.Errorf("failed to register metrics of leader cache: %w", err)
	}
	initRetryMetrics()

	alarm, calm := &alarm{views: views}, &calm{}
	succession := newSuccession(mgr, options, views, metrics, alarm, calm)
	succession.recorder = succession.events.recorder(ctx)
	if err := options.Registerer.Register(succession.events.limits.omitted); err != nil {
		return nil, fmt.Errorf("failed to register metrics of Events: %w", err)
	}
	for _, setup := range []func() error{
		func() error { return setupTuning(mgr, options, views, states, alarm, succession.recorder) },
		func() error { return setupSuccession(mgr, options, succession, alarm) },
		func() error {
			return setupStewardship(mgr, options, views, selected, succession.bell, calm, succession.recorder)
		},
	} {
		if err := setup(); err != nil {
			return nil, err
		}
	}
	admission := newAdmission(views, succession)
	return admission, admission.windows.watch(ctx, mgr.GetCache())
}

func newSuccession(mgr manager.Manager, options Options, v *views, m *metrics, a *alarm, c *calm) *succession {
	s := &succession{
		views: v, live: mgr.GetAPIReader(), client: mgr.GetClient(),
		leaders: options.Leaders, tuning: options.Tuning, clock: options.Clock, holds: options.Holds,
		metrics: m,
		events:  newEventSender(mgr.GetClient(), c), causes: newCauses(), complaints: newComplaints(),
		repairs: newPace(), refusals: newPace(), told: newComplaints(),
		bell: &bell{}, alarm: a, calm: c,
	}
	s.limiter = newLimiter(
		func() int { return options.Tuning.Load().Commit.Concurrency },
		func(key types.NamespacedName) { s.enqueue(key, 0) },
	)
	return s
}

func setupSuccession(mgr manager.Manager, options Options, s *succession, alarm *alarm) error {
	v := s.views
	start := source.Func(func(_ context.Context, q queue) error {
		loadTuning(v, options.Tuning, tuningKey(options))
		s.queue.Store(&q)
		return nil
	})
	c, err := build(mgr, "succession", s, everyReplica, successionWorkers,
		start, alarm.source(),
		source.Kind(mgr.GetCache(), namespaceMetadata(), namespaceHandler(v)),
		source.Kind(mgr.GetCache(), &corev1.Service{}, s.serviceHandler()),
		source.Kind(mgr.GetCache(), &corev1.Pod{}, s.podHandler()),
		source.Kind(mgr.GetCache(), &discoveryv1.EndpointSlice{}, s.sliceHandler()),
		source.Kind(mgr.GetCache(), &corev1.Node{}, s.nodeHandler()),
		source.Kind(mgr.GetCache(), replicaSetMetadata(), s.replicaSetHandler()),
		source.Kind(mgr.GetCache(), &appsv1.Deployment{}, s.deploymentHandler()),
		source.Kind(mgr.GetCache(), &appsv1.StatefulSet{}, s.statefulSetHandler()),
		source.Kind(mgr.GetCache(), &appsv1.DaemonSet{}, s.daemonSetHandler()),
	)
	if err != nil {
		return err
	}
	if err := mgr.Add(telling{c, s.events}); err != nil {
		return err
	}
	// What this replica has left to the holder of the Lease is its own to do once it is that itself.
	return mgr.Add(whenElected(alarm.ring))
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

func setupStewardship(
	mgr manager.Manager, options Options, v *views, selected ctrlcache.Cache, b *bell, c *calm, recorder events.EventRecorder,
) error {
	foreign, err := newForeignSlices(options.Registerer)
	if err != nil {
		return fmt.Errorf("failed to register metrics of leader Services: %w", err)
	}
	s := &stewardship{
		views: v, live: mgr.GetAPIReader(), client: mgr.GetClient(), leaders: options.Leaders, tuning: options.Tuning,
		recorder: recorder, complaints: newComplaints(), foreign: foreign,
		installations: newInstallations(), repairs: newPace(), removals: newPace(), refusals: newPace(),
		calm: c,
	}
	return add(mgr, "stewardship", s, holderOfLease, stewardshipWorkers,
		source.Func(b.hang),
		source.Kind(mgr.GetCache(), namespaceMetadata(), namespaceHandler(v)),
		source.Kind(mgr.GetCache(), &corev1.Service{}, s.serviceHandler()),
		source.Kind(mgr.GetCache(), &discoveryv1.EndpointSlice{}, s.sliceHandler()),
		source.Kind(selected, &discoveryv1.EndpointSlice{}, s.sliceHandler()),
	)
}

func setupTuning(
	mgr manager.Manager, options Options, v *views, states ctrlcache.Cache, alarm *alarm, recorder events.EventRecorder,
) error {
	t := &tuningController{
		views: v, store: options.Tuning, live: mgr.GetAPIReader(), client: mgr.GetClient(),
		holdsLease: options.Holds,
		recorder:   recorder, complaints: newComplaints(),
		alarm: alarm,
	}
	// Both ConfigMaps say together what is in force, so an event about either is one about the tuning.
	tuning := handler.TypedEnqueueRequestsFromMapFunc(func(context.Context, *corev1.ConfigMap) []reconcile.Request {
		return []reconcile.Request{{NamespacedName: tuningKey(options)}}
	})
	return add(mgr, "tuning", t, everyReplica, 1,
		source.Kind(mgr.GetCache(), &corev1.ConfigMap{}, tuning), source.Kind(states, &corev1.ConfigMap{}, tuning))
}

func tuningKey(options Options) types.NamespacedName {
	return types.NamespacedName{Namespace: options.Namespace, Name: config.TuningConfigMap}
}

// Where a controller runs.
const (
	everyReplica  = false
	holderOfLease = true
)

// add registers a controller.
func add(mgr manager.Manager, name string, r reconcile.Reconciler, needsLease bool, workers int, sources ...source.Source) error {
	c, err := build(mgr, name, r, needsLease, workers, sources...)
	if err != nil {
		return err
	}
	return mgr.Add(c)
}

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
