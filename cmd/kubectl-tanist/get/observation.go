package get

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/config"
)

// observation returns what holds for all leaders. What the user may not read is taken to be as it usually is.
func (r *reader) observation(ctx context.Context) status.Observation {
	var o status.Observation
	// Two nodes are enough to know that there is more than one.
	if nodes, err := r.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{Limit: 2}); err == nil {
		o.OneNode = len(nodes.Items) == 1
	}
	configMaps := r.client.CoreV1().ConfigMaps(r.tanistNamespace)
	tuning, err := configMaps.Get(ctx, config.TuningConfigMap, metav1.GetOptions{})
	if err != nil {
		return o
	}
	state, err := configMaps.Get(ctx, config.TuningState, metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return o
	}
	if err != nil {
		state = nil
	}
	o.Off = !config.ResolveTuning(tuning, state).Tuning.Observe.Enabled
	return o
}
