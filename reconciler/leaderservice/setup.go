package leaderservice

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/client-go/tools/events"
	ctrlcache "sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/retry"
)

// Options are what the controller shares with the rest of the program.
type Options struct {
	Stores *store.Stores
	// Live reads from the API server.
	Live       client.Reader
	Client     client.Writer
	Leaders    *cache.Leaders
	Tuning     *config.Store
	Registerer prometheus.Registerer
	Recorder   events.EventRecorder
	Quiet      *notify.QuietPeriod
	// SuccessorChanges enqueues the Services whose successor has changed.
	SuccessorChanges *store.Enqueuer
}

// New returns the controller, and registers its metrics.
func New(options Options) (*Controller, error) {
	foreign, err := newForeignSlices(options.Registerer)
	if err != nil {
		return nil, fmt.Errorf("failed to register metrics of leader Services: %w", err)
	}
	retry.InitMetrics(store.StandardPolicyName,
		opDeleteSlice, opCreateService, opPatchService, opDeleteService, opDeleteEndpoints, opReadLive)
	return &Controller{
		stores: options.Stores, live: options.Live, client: options.Client, leaders: options.Leaders, tuning: options.Tuning,
		recorder: options.Recorder, warnings: notify.NewDeduplicator(), foreign: foreign,
		installations: newInstallations(), repairs: notify.NewBackoff(), removals: notify.NewBackoff(), refusals: notify.NewBackoff(),
		quiet: options.Quiet, successorChanges: options.SuccessorChanges,
	}, nil
}

// Sources returns what the controller watches; selected is the cache of the slices that the EndpointSlice controller makes for leader
// Services.
func (c *Controller) Sources(informers, selected ctrlcache.Cache) []source.Source {
	return []source.Source{
		source.Func(c.successorChanges.Start),
		source.Kind(informers, store.NamespaceMetadata(), store.NamespaceHandler(c.stores)),
		source.Kind(informers, &corev1.Service{}, c.serviceHandler()),
		source.Kind(informers, &discoveryv1.EndpointSlice{}, c.sliceHandler()),
		source.Kind(selected, &discoveryv1.EndpointSlice{}, c.sliceHandler()),
	}
}
