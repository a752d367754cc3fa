package installation

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/config"
)

// Tuning returns the tuning in force. If the user may not read it, it returns the default one, and false.
func (r Reader) Tuning(ctx context.Context) (tuning config.Tuning, known bool) {
	configMaps := r.Client.CoreV1().ConfigMaps(r.Namespace)
	current, err := configMaps.Get(ctx, config.TuningConfigMap, metav1.GetOptions{})
	if err != nil {
		return config.DefaultTuning(), false
	}
	state, err := configMaps.Get(ctx, config.TuningState, metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return config.DefaultTuning(), false
	}
	if err != nil {
		state = nil
	}
	return config.ResolveTuning(current, state).Tuning, true
}

// Observation returns what holds for all leaders. What the user may not read is taken to be as it usually is.
func (r Reader) Observation(ctx context.Context) status.Observation {
	tuning, _ := r.Tuning(ctx)
	o := status.Observation{Off: !tuning.Observe.Enabled, OnlyNamespaces: r.onlyNamespaces(ctx)}
	// Two nodes are enough to know that there is more than one.
	if nodes, err := r.Client.CoreV1().Nodes().List(ctx, metav1.ListOptions{Limit: 2}); err == nil {
		o.OneNode = len(nodes.Items) == 1
	}
	return o
}
