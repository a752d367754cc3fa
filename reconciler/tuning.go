package reconciler

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/config"
)

// tuningController puts the ConfigMap tanist-tuning in force, on every replica and without a restart.
type tuningController struct {
	views      *views
	store      *config.Store
	elected    <-chan struct{}
	recorder   events.EventRecorder
	complaints *complaints
	alarm      *alarm
}

// Reconcile reads the ConfigMap. When it is wrong the tuning in force stays; one replica says so.
func (t *tuningController) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	configMap := t.views.configMap(request.NamespacedName)
	changed, errs := t.store.Apply(configMap)
	if changed {
		t.alarm.ring()
		logf.FromContext(ctx).V(1).Info("Tuning changed", "hash", t.store.Load().Hash())
	}
	var all []complaint
	for _, err := range errs {
		all = append(all, complaint{
			about: configMap, reason: reasonInvalidTuning, action: actionRead,
			note: err.Error() + "; the last good tuning stays in force",
		})
	}
	select {
	case <-t.elected:
		emit(t.recorder, t.complaints.news(request.NamespacedName, all))
	default:
		if len(all) > 0 {
			// Whoever holds the Lease says it. That may be this replica soon.
			return reconcile.Result{RequeueAfter: time.Minute}, nil
		}
	}
	return reconcile.Result{}, nil
}

// loadTuning puts the ConfigMap in force before the first decision: a hand-over that the tuning switches off must not happen
// because a replica starts. The informers are synced when it is called.
func loadTuning(v *views, store *config.Store, key types.NamespacedName) {
	// Errors are reported by the controller, which starts at the same time.
	_, _ = store.Apply(v.configMap(key))
}
