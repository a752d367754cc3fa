package tuning

import (
	"context"
	"fmt"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	ctrlcache "sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/retry"
)

// Options are what the controller shares with the rest of the program.
type Options struct {
	// Namespace is the namespace of Tanist itself.
	Namespace string
	Stores    *store.Stores
	// Live reads from the API server.
	Live   client.Reader
	Client client.Writer
	Tuning *config.Store
	// Holds reports whether this replica holds the Lease for certain.
	Holds      func() bool
	Registerer prometheus.Registerer
	Recorder   events.EventRecorder
	// EnqueueAll is called when the tuning in force has changed.
	EnqueueAll func()
	// Loaded is called once, when the first tuning is in force.
	Loaded func(config.Tuning)
}

// Controller puts the tuning in force, and saves it while this replica holds the Lease.
type Controller struct {
	key        types.NamespacedName // of the ConfigMap tanist-tuning
	stores     *store.Stores
	tuning     *config.Store
	live       client.Reader // reads from the API server
	client     client.Writer
	holdsLease func() bool
	recorder   events.EventRecorder
	warnings   *notify.Deduplicator
	// enqueueAll is called when the tuning in force has changed.
	enqueueAll func()
	loaded     func(config.Tuning)
	// again enqueues the tuning.
	again store.Enqueuer
	// applying is locked while a tuning is put in force.
	applying sync.Mutex
}

// New returns the controller, and registers its metrics.
func New(options Options) (*Controller, error) {
	if err := registerMetrics(options.Registerer, options.Tuning); err != nil {
		return nil, fmt.Errorf("failed to register metrics of tuning: %w", err)
	}
	retry.InitMetrics(store.StandardPolicyName, opReadTuning, opPatchState)
	return &Controller{
		key:    types.NamespacedName{Namespace: options.Namespace, Name: config.TuningConfigMap},
		stores: options.Stores, tuning: options.Tuning, live: options.Live, client: options.Client,
		holdsLease: options.Holds, recorder: options.Recorder, warnings: notify.NewDeduplicator(),
		enqueueAll: options.EnqueueAll, loaded: options.Loaded,
	}, nil
}

// Sources returns what the controller watches; states is the cache of the ConfigMap tanist-state. An event about either ConfigMap enqueues
// tanist-tuning, because the tuning in force depends on both.
func (c *Controller) Sources(informers, states ctrlcache.Cache) []source.Source {
	enqueue := handler.TypedEnqueueRequestsFromMapFunc(func(context.Context, *corev1.ConfigMap) []reconcile.Request {
		return []reconcile.Request{{NamespacedName: c.key}}
	})
	return []source.Source{
		source.Kind(informers, &corev1.ConfigMap{}, enqueue), source.Kind(states, &corev1.ConfigMap{}, enqueue), source.Func(c.again.Start),
	}
}

// Elected has the tuning saved, if it is not saved yet, because this replica now holds the Lease.
func (c *Controller) Elected() { c.again.EnqueueAfter(c.key, 0) }

// Load returns a source for the controllers whose decisions depend on the tuning. It enqueues nothing: it puts the tuning in force before
// their first decision, so that no replica makes a hand-over that the tuning switches off only because the replica has just started. The
// informers are synced when it is called.
func (c *Controller) Load() source.Source {
	return source.Func(func(context.Context, store.Queue) error {
		// Reconcile, which starts at the same time, reports mistakes.
		c.apply()
		c.loaded(c.tuning.Load())
		return nil
	})
}

// stateKey is the key of the ConfigMap tanist-state.
func stateKey(namespace string) types.NamespacedName {
	return types.NamespacedName{Namespace: namespace, Name: config.TuningState}
}
