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

// Controller puts the tuning in force, on every replica and without a restart. The replica that holds the Lease also saves it,
// so that it is in force everywhere, and after every restart, when the next one is wrong.
type Controller struct {
	key        types.NamespacedName // of the ConfigMap tanist-tuning
	stores     *store.Stores
	store      *config.Store
	live       client.Reader // reads from the API server
	client     client.Writer
	holdsLease func() bool
	recorder   events.EventRecorder
	warnings   *notify.Deduplicator
	// enqueueAll is called when another tuning is in force.
	enqueueAll func()
}

// Operations on the API server, as the retry metrics name them.
const (
	opReadTuning = "read-tuning"
	opPatchState = "patch-state"
)

// tuningRecheck is how soon a replica that does not hold the Lease looks again at what is left to whoever does: that may be this
// replica by then, and no watch tells of it. It costs no request.
const tuningRecheck = 5 * time.Second

// Reconcile reads the ConfigMaps tanist-tuning, whose key is the request, and tanist-state.
func (t *Controller) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	configMap, state := t.stores.ConfigMap(request.NamespacedName), t.stores.State(stateKey(request.Namespace))
	resolved := config.ResolveTuning(configMap, state)
	if t.store.Apply(resolved) {
		t.enqueueAll()
		logf.FromContext(ctx).V(1).Info("Tuning changed", "hash", t.store.Load().Hash())
	}
	text, differs := config.TuningToSave(configMap, state)
	if !t.holdsLease() {
		if differs || len(resolved.Errors) > 0 {
			return reconcile.Result{RequeueAfter: tuningRecheck}, nil
		}
		return reconcile.Result{}, nil
	}
	all := wrongTuning(configMap, resolved)
	var result reconcile.Result
	if differs {
		outcome, err := t.save(ctx, configMap, state, text)
		if err != nil {
			return reconcile.Result{}, retry.UnlessStopping(ctx, err)
		}
		result.RequeueAfter = outcome.again
		if outcome.refused != nil && configMap != nil {
			all = append(all, notify.Warning{
				Object: configMap, Reason: notify.ReasonTuningNotSaved, Action: notify.ActionSave,
				Note: notify.FitNote("the tuning is in force but cannot be saved, so that the defaults, or an older tuning, would follow a wrong one: " +
					outcome.refused.Error()),
			})
		}
	}
	notify.Emit(t.recorder, t.warnings.Unsent(request.NamespacedName, all))
	return result, nil
}

// wrongTuning is what a user must mend in the ConfigMap tanist-tuning, and what is in force meanwhile.
func wrongTuning(configMap *corev1.ConfigMap, resolved config.ResolvedTuning) []notify.Warning {
	meanwhile := "the last good tuning stays in force"
	if resolved.Source == config.FromDefaults {
		meanwhile = "the defaults are in force, because no good tuning was saved before"
		if len(resolved.StateErrors) > 0 {
			meanwhile = "the defaults are in force, because this version cannot read the last good tuning in the ConfigMap " +
				config.TuningState + ": " + resolved.StateErrors.ToAggregate().Error()
		}
	}
	var all []notify.Warning
	for _, err := range resolved.Errors {
		all = append(all, notify.Warning{
			Object: configMap, Reason: notify.ReasonInvalidTuning, Action: notify.ActionRead, Note: notify.FitNote(err.Error() + "; " + meanwhile),
		})
	}
	return all
}

func stateKey(namespace string) types.NamespacedName {
	return types.NamespacedName{Namespace: namespace, Name: config.TuningState}
}
