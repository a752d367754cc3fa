package failover

import (
	"fmt"
	"sync/atomic"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/commitrules"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/reconciler/planner"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/retry"
	"github.com/tanist-dev/tanist/tracing"
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
	Clock *commitrules.Clock
	// Holds reports whether this replica holds the Lease for certain.
	Holds func() bool
	// ServesNoAdmission says that this replica serves no admission, so that probably none has a hand-over prepared.
	ServesNoAdmission bool
	Registerer        prometheus.Registerer
	// Log gets a line for each change of leader, and Tracer its spans; nil for none.
	Log    logr.Logger
	Tracer *tracing.Tracer
	// Observer says which pods are believed lost although the API does not say so; nil for none.
	Observer planner.Observer
	// Hedge writes on other connections than the one of the watches; nil for none.
	Hedge client.Writer
	// Events sends the Events of commits. Recorder sends all others.
	Events   *notify.EventSender
	Recorder events.EventRecorder
	Quiet    *notify.QuietPeriod
	// EnqueueAll enqueues every Service.
	EnqueueAll func()
	// SuccessorChanges enqueues Services with the leader Service controller when their successor has changed.
	SuccessorChanges *store.Enqueuer
}

// Controller reconciles source Services: it decides which pod leads, and writes that into the EndpointSlices. It runs on every replica.
type Controller struct {
	stores     *store.Stores
	live       client.Reader // reads from the API server
	client     client.Writer
	hedge      client.Writer    // writes on other connections; may be nil
	observer   planner.Observer // may be nil
	leaders    *cache.Leaders
	tuning     *config.Store
	clock      *commitrules.Clock
	holdsLease func() bool // whether this replica holds the Lease for certain
	// servesNoAdmission says that this replica serves no admission, and so probably none does.
	servesNoAdmission bool
	recorder          events.EventRecorder
	metrics           *metrics
	log               logr.Logger
	tracer            *tracing.Tracer // may be nil

	events     *notify.EventSender
	unanswered unansweredCommits
	triggers   *commitrules.PendingTriggers
	warnings   *notify.Deduplicator
	// repairBackoff spaces out repairs that someone keeps undoing.
	repairBackoff *notify.Backoff
	// refusalBackoff spaces out writes that the API server refuses. refusalWarnings remembers which refusals were reported.
	refusalBackoff  *notify.Backoff
	refusalWarnings *notify.Deduplicator
	// unstableBackoff spaces out decisions whose commits would not last. unstableWarnings remembers which were reported.
	unstableBackoff  *notify.Backoff
	unstableWarnings *notify.Deduplicator
	// doubtWarnings remembers which verdicts that moved nobody were reported.
	doubtWarnings *notify.Deduplicator
	suspicions    suspicions
	// leasesToLookAt are Leases of which it is to be found out whether they are no longer renewed. It is nil until the controller has started, and
	// no Lease is followed before.
	leasesToLookAt atomic.Pointer[workqueue.TypedDelayingInterface[types.NamespacedName]]
	// pace limits how often each Service has a commit.
	pace     *notify.Pace
	limiter  *commitrules.Limiter
	deferral commitrules.Deferral
	// successorChanges enqueues a Service with the leader Service controller.
	successorChanges *store.Enqueuer
	// enqueueAll enqueues every Service.
	enqueueAll func()
	quiet      *notify.QuietPeriod
	// queue is nil until the controller has started.
	queue atomic.Pointer[store.Queue]
}

// New returns a controller and registers its metrics.
func New(options Options) (*Controller, error) {
	metrics, err := newMetrics(options.Registerer)
	if err != nil {
		return nil, fmt.Errorf("failed to register metrics of failover: %w", err)
	}
	retry.InitMetrics(store.FailoverPolicyName, opUpdateSlice, opCreateSlice, opRead)
	c := &Controller{
		stores: options.Stores, live: options.Live, client: options.Client, hedge: options.Hedge, observer: options.Observer,
		leaders: options.Leaders, tuning: options.Tuning, clock: options.Clock, holdsLease: options.Holds, servesNoAdmission: options.ServesNoAdmission,
		recorder: options.Recorder, metrics: metrics, log: options.Log, tracer: options.Tracer,
		events: options.Events, triggers: commitrules.NewPendingTriggers(), warnings: notify.NewDeduplicator(),
		repairBackoff: notify.NewBackoff(), refusalBackoff: notify.NewBackoff(), refusalWarnings: notify.NewDeduplicator(),
		unstableBackoff: notify.NewBackoff(), unstableWarnings: notify.NewDeduplicator(), doubtWarnings: notify.NewDeduplicator(), pace: notify.NewPace(),
		enqueueAll: options.EnqueueAll, successorChanges: options.SuccessorChanges, quiet: options.Quiet,
	}
	c.limiter = commitrules.NewLimiter(
		func() int { return options.Tuning.Load().Commit.Concurrency },
		func(key types.NamespacedName) { c.enqueueAfter(key, 0) },
	)
	c.stores.Leases.Handle(c.leaseChanged)
	return c, nil
}
