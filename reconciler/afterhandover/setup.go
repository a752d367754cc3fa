package afterhandover

import (
	"context"
	"fmt"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/commitrules"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/retry"
)

// Workers is how many Services to reconcile at a time. It is more than places, so that a decision to do nothing waits for no call.
const Workers = 2 * places

// places is how many evictions and calls are under way at a time. Namespaces get places in turn, so that one whose pods do not answer delays
// others for the time of one call at most.
const places = 8

// Options are what the controller shares with the rest of the program.
type Options struct {
	Stores *store.Stores
	// Live reads from the API server.
	Live client.Reader
	// Evictions creates evictions of pods.
	Evictions client.SubResourceWriter
	Tuning    *config.Store
	// Clock tells the API server's time.
	Clock *commitrules.Clock
	// Holds reports whether this replica holds the Lease for certain.
	Holds      func() bool
	Registerer prometheus.Registerer
	Recorder   events.EventRecorder
}

// Controller evicts old leaders, and calls them.
type Controller struct {
	stores    *store.Stores
	live      client.Reader
	evictions client.SubResourceWriter
	tuning    *config.Store
	clock     *commitrules.Clock
	holds     func() bool
	recorder  events.EventRecorder
	caller    *http.Client
	outcomes  outcomes
	memory    memory
	limiter   *commitrules.Limiter
	// enqueuer enqueues a Service that has got a place.
	enqueuer store.Enqueuer
}

// New returns the controller, and registers its metrics.
func New(options Options) (*Controller, error) {
	outcomes, err := newOutcomes(options.Registerer)
	if err != nil {
		return nil, fmt.Errorf("failed to register metrics of what follows hand-overs: %w", err)
	}
	retry.InitMetrics(store.StandardPolicyName, opRead, opEvict)
	c := &Controller{
		stores: options.Stores, live: options.Live, evictions: options.Evictions, tuning: options.Tuning, clock: options.Clock,
		holds: options.Holds, recorder: options.Recorder, caller: newCaller(), outcomes: outcomes,
	}
	c.limiter = commitrules.NewLimiter(func() int { return places }, func(key types.NamespacedName) { c.enqueuer.EnqueueAfter(key, 0) })
	return c, nil
}

// read calls the API server, and tries again according to the standard policy.
func (c *Controller) read(ctx context.Context, call func(context.Context) error) error {
	return retry.Do(ctx, store.StandardPolicy(c.tuning.Load()), opRead, call)
}
