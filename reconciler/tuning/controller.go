package tuning

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/retry"
)

// Reconcile resolves the ConfigMaps tanist-tuning, whose key is the request, and tanist-state. The holder of the Lease then saves a
// tuning that is not saved yet, and warns of one that is wrong.
func (c *Controller) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	configMap, state, resolved, changed := c.apply()
	if changed {
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

// apply puts the tuning in force that follows from the ConfigMaps. At the start it is called twice at a time: the one that reads later must also
// be the one that is applied last.
func (c *Controller) apply() (configMap, state *corev1.ConfigMap, resolved config.ResolvedTuning, changed bool) {
	c.applying.Lock()
	defer c.applying.Unlock()
	configMap, state = c.stores.ConfigMap(c.key), c.stores.State(stateKey(c.key.Namespace))
	resolved = config.ResolveTuning(configMap, state)
	return configMap, state, resolved, c.tuning.Apply(resolved)
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
		Cause: notify.RefusalCause(refused),
	}
}
