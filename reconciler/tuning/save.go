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
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/retry"
)

// errNoState is a ConfigMap that the installation lacks. Tanist may not create it: a right to create cannot be limited to one name.
var errNoState = errors.New("there is no ConfigMap " + config.TuningState + "; install it again with the chart or install.yaml")

// saved is how an attempt to save the tuning ended.
type saved struct {
	// refused is why it cannot be saved until somebody changes something; nil when it was saved, or will be.
	refused error
	// again is when to look again.
	again time.Duration
}

// save writes the text of the tuning in force into the ConfigMap tanist-state. A replica whose informer lags behind, or one that does
// not hold the Lease any more without knowing it, must not save an older tuning: the tuning is read live first, and the write is
// refused when somebody else has saved one meanwhile.
func (t *Controller) save(ctx context.Context, configMap, state *corev1.ConfigMap, text string) (saved, error) {
	if state == nil {
		return saved{refused: errNoState, again: time.Minute}, nil
	}
	current, err := t.readLive(ctx, state.Namespace)
	if err != nil {
		return saved{}, err
	}
	if versionOf(current) != versionOf(configMap) {
		return saved{again: tuningRecheck}, nil // the informer will tell
	}
	desired := state.DeepCopy()
	if desired.Data == nil {
		desired.Data = map[string]string{}
	}
	desired.Data[config.TuningKey] = text
	// A patch and not an update: the informer keeps only a part of the object.
	difference := client.MergeFromWithOptions(state, client.MergeFromWithOptimisticLock{})
	err = retry.Do(ctx, store.StandardPolicy(t.store.Load()), opPatchState, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, retry.AttemptTimeout)
		defer cancel()
		return t.client.Patch(ctx, desired.DeepCopy(), difference, leaderslice.FieldOwner)
	})
	switch {
	case err == nil:
		return saved{}, nil
	case apierrors.IsConflict(err), apierrors.IsNotFound(err):
		return saved{again: tuningRecheck}, nil // the informer will tell
	case apierrors.IsForbidden(err), apierrors.IsInvalid(err):
		return saved{refused: err, again: time.Minute}, nil
	default:
		return saved{}, fmt.Errorf("failed to save tuning: %w", err)
	}
}

// readLive is the ConfigMap tanist-tuning as it is now; nil when there is none.
func (t *Controller) readLive(ctx context.Context, namespace string) (*corev1.ConfigMap, error) {
	configMap := &corev1.ConfigMap{}
	err := retry.Do(ctx, store.StandardPolicy(t.store.Load()), opReadTuning, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, retry.AttemptTimeout)
		defer cancel()
		return t.live.Get(ctx, client.ObjectKey{Namespace: namespace, Name: config.TuningConfigMap}, configMap)
	})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("failed to read tuning: %w", err)
	}
	return configMap, nil
}

// versionOf tells versions of a ConfigMap apart, and its absence.
func versionOf(configMap *corev1.ConfigMap) string {
	if configMap == nil {
		return ""
	}
	return string(configMap.UID) + "/" + configMap.ResourceVersion
}
