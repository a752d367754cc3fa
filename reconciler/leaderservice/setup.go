package leaderservice

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

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
	Live   client.Reader
	Client client.Writer
	// Status writes the status of objects.
	Status     client.SubResourceWriter
	Leaders    *cache.Leaders
	Tuning     *config.Store
	Registerer prometheus.Registerer
	Recorder   events.EventRecorder
	Quiet      *notify.QuietPeriod
	// SuccessorChanges enqueues the Services whose successor has changed, and those that were put off.
	SuccessorChanges *store.Enqueuer
}

// Controller creates, repairs and deletes the leader Services.
type Controller struct {
	stores   *store.Stores
	live     client.Reader // reads from the API server
	client   client.Writer
	status   client.SubResourceWriter
	leaders  *cache.Leaders
	tuning   *config.Store
	recorder events.EventRecorder
	foreign  *foreignSlices

	installations *installations
	// repairs spaces out the repairs that someone undoes, removals the removals of what Kubernetes' controllers make again, and refusals
	// the writes that the API server refuses.
	repairs, removals, refusals *notify.Backoff
	// conditions spaces out the repairs of the condition.
	conditions *notify.Backoff
	// pace limits how often something is written for each Service, and slowed counts what had to wait.
	pace                      *notify.Pace
	slowed                    prometheus.Counter
	shares                    *shares
	warnings, refusalWarnings *notify.Deduplicator
	quiet                     *notify.QuietPeriod
	successorChanges          *store.Enqueuer
}

// New returns the controller, and registers its metrics.
func New(options Options) (*Controller, error) {
	foreign, err := newForeignSlices(options.Registerer)
	if err != nil {
		return nil, fmt.Errorf("failed to register metrics of leader Services: %w", err)
	}
	slowed, err := newSlowedWrites(options.Registerer)
	if err != nil {
		return nil, fmt.Errorf("failed to register metrics of leader Services: %w", err)
	}
	retry.InitMetrics(store.StandardPolicyName,
		opDeleteSlice, opCreateService, opPatchService, opApplyStatus, opDeleteService, opDeleteEndpoints, opReadLive)
	return &Controller{
		stores: options.Stores, live: options.Live, client: options.Client, status: options.Status, leaders: options.Leaders, tuning: options.Tuning,
		recorder: options.Recorder, warnings: notify.NewDeduplicator(), refusalWarnings: notify.NewDeduplicator(), foreign: foreign, pace: notify.NewPace(), slowed: slowed,
		installations: newInstallations(), repairs: notify.NewBackoff(), removals: notify.NewBackoff(), refusals: notify.NewBackoff(),
		conditions: notify.NewBackoff(),
		shares:     newShares(func(key types.NamespacedName) { options.SuccessorChanges.EnqueueAfter(key, 0) }),
		quiet:      options.Quiet, successorChanges: options.SuccessorChanges,
	}, nil
}
