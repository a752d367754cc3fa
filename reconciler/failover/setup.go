package failover

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	ctrlcache "sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/disruption"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/retry"
)

// Options are what the controller shares with the rest of the program.
type Options struct {
	Stores *store.Stores
	// Live reads from the API server.
	Live    client.Reader
	Client  client.Writer
	Leaders *cache.Leaders
	Tuning  *config.Store
	// Clock tells the API server's time.
	Clock *Clock
	// Holds reports whether this replica holds the Lease for certain.
	Holds      func() bool
	Registerer prometheus.Registerer
	// Events sends the Events of commits. Recorder sends all others.
	Events   *notify.EventSender
	Recorder events.EventRecorder
	Quiet    *notify.QuietPeriod
	// EnqueueAll enqueues every Service.
	EnqueueAll func()
	// SuccessorChanges enqueues Services with the leader Service controller when their successor has changed.
	SuccessorChanges *store.Enqueuer
}

// New returns a controller and registers its metrics.
func New(options Options) (*Controller, error) {
	metrics, err := newMetrics(options.Registerer)
	if err != nil {
		return nil, fmt.Errorf("failed to register metrics of failover: %w", err)
	}
	retry.InitMetrics(store.FailoverPolicyName, opUpdateSlice, opCreateSlice, opRead)
	c := &Controller{
		stores: options.Stores, live: options.Live, client: options.Client,
		leaders: options.Leaders, tuning: options.Tuning, clock: options.Clock, holdsLease: options.Holds,
		recorder: options.Recorder, metrics: metrics,
		events: options.Events, triggers: newPendingTriggers(), warnings: notify.NewDeduplicator(),
		repairBackoff: notify.NewBackoff(), refusalBackoff: notify.NewBackoff(), refusalWarnings: notify.NewDeduplicator(),
		enqueueAll: options.EnqueueAll, successorChanges: options.SuccessorChanges, quiet: options.Quiet,
	}
	c.limiter = newLimiter(
		func() int { return options.Tuning.Load().Commit.Concurrency },
		func(key types.NamespacedName) { c.enqueueAfter(key, 0) },
	)
	return c, nil
}

// Sources returns what the controller watches.
func (c *Controller) Sources(informers ctrlcache.Cache) []source.Source {
	start := source.Func(func(_ context.Context, q store.Queue) error {
		c.queue.Store(&q)
		return nil
	})
	disruptions := disruption.Watcher{Stores: c.stores, Tuning: c.tuning, Enqueue: c.enqueuePods}
	return append(disruptions.Sources(informers),
		start,
		source.Kind(informers, store.NamespaceMetadata(), store.NamespaceHandler(c.stores)),
		source.Kind(informers, &corev1.Service{}, c.serviceHandler()),
		source.Kind(informers, &corev1.Pod{}, c.podHandler()),
		source.Kind(informers, &discoveryv1.EndpointSlice{}, c.sliceHandler()),
	)
}
