package tuning

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/retry"
)

// recheckInterval is how soon to reconcile again while the informers are behind, or, without the Lease, while there is something to do for
// its holder. This replica may hold the Lease by then, and no watch event says so. Without the Lease, the check makes no request.
const recheckInterval = 5 * time.Second

// errNoState reports that the ConfigMap tanist-state is missing. Tanist must not create it: a right to create cannot be limited to one
// name.
var errNoState = errors.New("there is no ConfigMap " + config.TuningState + ": install Tanist again with the chart or install.yaml, which contain it")

// refusedInterval is how soon to try again to save a tuning after a refusal.
const refusedInterval = time.Minute

// saveResult is how an attempt to save the tuning ended.
type saveResult struct {
	// refused is why the tuning cannot be saved until someone changes something. It is nil when the tuning is saved, or may be saved
	// later.
	refused error
	// requeueAfter is how soon to try again; zero when the tuning is saved.
	requeueAfter time.Duration
}

// save writes the text of the tuning in force into the ConfigMap tanist-state. A replica must not save an older tuning, although its
// informer may lag behind, and it may have lost the Lease without knowing it yet. So save reads the tuning live first, and the API server
// refuses the write when another replica has saved a tuning meanwhile.
func (c *Controller) save(ctx context.Context, configMap, state *corev1.ConfigMap, text string) (saveResult, error) {
	if state == nil {
		return saveResult{refused: errNoState, requeueAfter: refusedInterval}, nil
	}
	current, err := c.readLive(ctx, state.Namespace)
	if err != nil {
		return saveResult{}, err
	}
	if versionOf(current) != versionOf(configMap) {
		return saveResult{requeueAfter: recheckInterval}, nil // the informer is behind
	}
	desired := state.DeepCopy()
	if desired.Data == nil {
		desired.Data = map[string]string{}
	}
	desired.Data[config.TuningKey] = text
	// It is a patch and not an update, because the informer keeps only a part of the object.
	patch := client.MergeFromWithOptions(state, client.MergeFromWithOptimisticLock{})
	err = c.do(ctx, opPatchState, func(ctx context.Context) error {
		return c.client.Patch(ctx, desired.DeepCopy(), patch, leaderslice.FieldOwner)
	})
	switch {
	case err == nil:
		return saveResult{}, nil
	case apierrors.IsConflict(err), apierrors.IsNotFound(err):
		return saveResult{requeueAfter: recheckInterval}, nil // the informer is behind
	case notify.Refused(err):
		return saveResult{refused: err, requeueAfter: refusedInterval}, nil
	default:
		return saveResult{}, fmt.Errorf("failed to save tuning: %w", err)
	}
}

// readLive reads the ConfigMap tanist-tuning from the API server; it returns nil when there is none.
func (c *Controller) readLive(ctx context.Context, namespace string) (*corev1.ConfigMap, error) {
	configMap := &corev1.ConfigMap{}
	err := c.do(ctx, opReadTuning, func(ctx context.Context) error {
		return c.live.Get(ctx, client.ObjectKey{Namespace: namespace, Name: config.TuningConfigMap}, configMap)
	})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("failed to read tuning: %w", err)
	}
	return configMap, nil
}

// do calls the API server, and tries again according to the standard policy.
func (c *Controller) do(ctx context.Context, op string, call func(context.Context) error) error {
	return retry.Do(ctx, store.WritePolicy(c.tuning.Load()), op, call)
}

// versionOf returns what identifies a version of a ConfigMap; empty when there is none.
func versionOf(configMap *corev1.ConfigMap) string {
	if configMap == nil {
		return ""
	}
	return string(configMap.UID) + "/" + configMap.ResourceVersion
}
