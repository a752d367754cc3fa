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
	"k8s.io/client-go/util/workqueue"
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
	views, err := newViews(ctx, mgr.GetCache())
	if err != nil {
		return nil, err
	}
	metrics, err := newMetrics(options.Registerer, options.Tuning)
	if err != nil {
		return nil, fmt.Errorf("failed to register metrics: %w", err)
	}
	if err := options.Registerer.Register(options.Leaders); err != nil {
		return nil, fmt.Errorf("failed to register metrics of leader cache: %w", err)
	}
	initRetryMetrics()

	inForce, alarm, calm := newOptionsInForce(), &alarm{views: views}, &calm{}
	succession := newSuccession(mgr, options, views, inForce, metrics, calm)
	for _, setup := range []func() error{
		func() error { return setupTuning(mgr, options, views, alarm) },
		func() error { return setupSuccession(mgr, options, succession, alarm) },
		func() error { return setupStewardship(mgr, options, views, inForce, succession.bell, calm) },
	} {
		if err := setup(); err != nil {
			return nil, err
		}
	}
	admission := newAdmission(views, succession)
	return admission, admission.windows.watch(ctx, mgr.GetCache())
}

func newSuccession(mgr manager.Manager, options Options, v *views, inForce *optionsInForce, m *metrics, c *calm) *succession {
	return &succession{
		views: v, live: mgr.GetAPIReader(), client: mgr.GetClient(),
		leaders: options.Leaders, options: inForce, tuning: options.Tuning,
		elected: mgr.Elected(), recorder: mgr.GetEventRecorder(recorderName), metrics: m,
		events: newEventSender(mgr.GetClient(), c), causes: newCauses(), complaints: newComplaints(),
		gate: newGate(func() int { return options.Tuning.Load().Commit.Concurrency }),
		bell: &bell{}, calm: c,
	}
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
	return mgr.Add(telling{c, s.events})
}

func setupStewardship(mgr manager.Manager, options Options, v *views, inForce *optionsInForce, b *bell, c *calm) error {
	s := &stewardship{
		views: v, client: mgr.GetClient(), leaders: options.Leaders, options: inForce, tuning: options.Tuning,
		recorder: mgr.GetEventRecorder(recorderName), lineage: newLineage(), complaints: newComplaints(),
		calm: c,
	}
	return add(mgr, "stewardship", s, holderOfLease, stewardshipWorkers,
		source.Func(b.hang),
		source.Kind(mgr.GetCache(), namespaceMetadata(), namespaceHandler(v)),
		source.Kind(mgr.GetCache(), &corev1.Service{}, s.serviceHandler()),
		source.Kind(mgr.GetCache(), &discoveryv1.EndpointSlice{}, s.sliceHandler()),
	)
}

func setupTuning(mgr manager.Manager, options Options, v *views, alarm *alarm) error {
	t := &tuningController{
		views: v, store: options.Tuning, elected: mgr.Elected(),
		recorder: mgr.GetEventRecorder(recorderName), complaints: newComplaints(),
		alarm: alarm,
	}
	return add(mgr, "tuning", t, everyReplica, 1,
		source.Kind(mgr.GetCache(), &corev1.ConfigMap{}, &handler.TypedEnqueueRequestForObject[*corev1.ConfigMap]{}))
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
