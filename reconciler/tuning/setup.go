package tuning

import (
	"context"
	"fmt"

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
	// Namespace is Tanist's own.
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
	// EnqueueAll is called when another tuning is in force.
	EnqueueAll func()
}

// New makes the controller and registers its metrics.
func New(options Options) (*Controller, error) {
	if err := registerMetrics(options.Registerer, options.Tuning); err != nil {
		return nil, fmt.Errorf("failed to register metrics of tuning: %w", err)
	}
	retry.InitMetrics(store.StandardPolicyName, opReadTuning, opPatchState)
	return &Controller{
		key:    types.NamespacedName{Namespace: options.Namespace, Name: config.TuningConfigMap},
		stores: options.Stores, store: options.Tuning, live: options.Live, client: options.Client,
		holdsLease: options.Holds, recorder: options.Recorder, warnings: notify.NewDeduplicator(), enqueueAll: options.EnqueueAll,
	}, nil
}

// Sources returns what the controller watches; states is the cache of the ConfigMap tanist-state. Both ConfigMaps say together what
// is in force, so an event about either is one about the tuning.
func (t *Controller) Sources(informers, states ctrlcache.Cache) []source.Source {
	tuning := handler.TypedEnqueueRequestsFromMapFunc(func(context.Context, *corev1.ConfigMap) []reconcile.Request {
		return []reconcile.Request{{NamespacedName: t.key}}
	})
	return []source.Source{source.Kind(informers, &corev1.ConfigMap{}, tuning), source.Kind(states, &corev1.ConfigMap{}, tuning)}
}

// Load is a source for controllers that decide by the tuning: it puts the tuning in force before their first decision. A hand-over that
// the tuning switches off must not happen because a replica starts. The informers are synced when it is called.
func (t *Controller) Load() source.Source {
	return source.Func(func(context.Context, store.Queue) error {
		// Errors are reported by the controller, which starts at the same time.
		t.store.Apply(config.ResolveTuning(t.stores.ConfigMap(t.key), t.stores.State(stateKey(t.key.Namespace))))
		return nil
	})
}
