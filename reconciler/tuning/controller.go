package tuning

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/retry"
)

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
}

// Operations on the API server, as the retry metrics name them.
const (
	opReadTuning = "read-tuning"
	opPatchState = "patch-state"
)

// recheckInterval is how soon to reconcile again while the informers are behind, or, without the Lease, while there is something to do for
// its holder. This replica may hold the Lease by then, and no watch event says so. Without the Lease, the check makes no request.
const recheckInterval = 5 * time.Second

// Reconcile resolves the ConfigMaps tanist-tuning, whose key is the request, and tanist-state. The holder of the Lease then saves a
// tuning that is not saved yet, and warns of one that is wrong.
func (c *Controller) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	configMap, state := c.stores.ConfigMap(request.NamespacedName), c.stores.State(stateKey(request.Namespace))
	resolved := config.ResolveTuning(configMap, state)
	if c.tuning.Apply(resolved) {
		c.enqueueAll()
		logf.FromContext(ctx).V(1).Info("Tuning changed", "hash", c.tuning.Load().Hash())
	}
	text, unsaved := config.TuningToSave(configMap, state)
	if !c.holdsLease() {
		if unsaved || len(resolved.Errors) > 0 {
			return reconcile.Result{RequeueAfter: recheckInterval}, nil
		}
		return reconcile.Result{}, nil
	}
	warnings := invalidTuning(configMap, resolved)
	var result saveResult
	if unsaved {
		var err error
		if result, err = c.save(ctx, configMap, state, text); err != nil {
			return reconcile.Result{}, retry.UnlessStopping(ctx, err)
		}
		if result.refused != nil && configMap != nil {
			warnings = append(warnings, notSaved(configMap, result.refused))
		}
	}
	notify.Emit(c.recorder, c.warnings.Filter(request.NamespacedName, warnings))
	return reconcile.Result{RequeueAfter: result.requeueAfter}, nil
}

// invalidTuning returns a warning for each mistake in the ConfigMap tanist-tuning. It says which tuning is in force meanwhile.
func invalidTuning(configMap *corev1.ConfigMap, resolved config.ResolvedTuning) []notify.Warning {
	meanwhile := "the last good tuning stays in force"
	if resolved.Source == config.FromDefaults {
		meanwhile = "the defaults are in force, because no good tuning was saved before"
		if len(resolved.StateErrors) > 0 {
			meanwhile = "the defaults are in force, because this version cannot read the last good tuning in the ConfigMap " +
				config.TuningState + ": " + resolved.StateErrors.ToAggregate().Error()
		}
	}
	var warnings []notify.Warning
	for _, err := range resolved.Errors {
		warnings = append(warnings, notify.Warning{
			Object: configMap, Reason: notify.ReasonInvalidTuning, Action: notify.ActionRead, Note: err.Error() + "; " + meanwhile,
		})
	}
	return warnings
}

// notSaved returns the warning about a tuning that is in force and cannot be saved.
func notSaved(configMap *corev1.ConfigMap, refused error) notify.Warning {
	return notify.Warning{
		Object: configMap, Reason: notify.ReasonTuningNotSaved, Action: notify.ActionSave,
		Note: "the tuning is in force but cannot be saved. If the next one is wrong, an older tuning or the defaults will be in force: " +
			refused.Error(),
	}
}

// stateKey is the key of the ConfigMap tanist-state.
func stateKey(namespace string) types.NamespacedName {
	return types.NamespacedName{Namespace: namespace, Name: config.TuningState}
}
