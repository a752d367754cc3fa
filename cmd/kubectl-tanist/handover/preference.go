package handover

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/retry"
)

// writePolicy is how a write is tried again. Each may be made twice: the second time it changes nothing.
var writePolicy = retry.Policy{Name: "plugin", MaxAttempts: 3, InitialDelay: 200 * time.Millisecond, MaxDelay: time.Second, Timeout: 10 * time.Second}

// operation is one operation of a JSON patch.
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

// preferredPath is the JSON pointer of the annotation.
var preferredPath = "/metadata/annotations/" + strings.ReplaceAll(config.PreferredLeaderKey, "/", "~1")

// prefer sets the annotation. The Service has annotations, because it opted in with one.
func (m *mover) prefer(ctx context.Context, service *corev1.Service, pod string) error {
	if err := m.patch(ctx, service, []operation{{"add", preferredPath, pod}}); err != nil {
		return fmt.Errorf("failed to annotate Service: %w", err)
	}
	return nil
}

// restore restores the annotation, if nobody else has changed it meanwhile.
func (m *mover) restore(ctx context.Context, service *corev1.Service, pod string) error {
	back := operation{Op: "remove", Path: preferredPath}
	if before, found := service.Annotations[config.PreferredLeaderKey]; found {
		back = operation{"replace", preferredPath, before}
	}
	err := m.patch(ctx, service, []operation{{"test", preferredPath, pod}, back})
	switch {
	case err == nil, apierrors.IsNotFound(err), apierrors.IsInvalid(err) && m.changedByOthers(ctx, service, pod):
		return nil
	default:
		return fmt.Errorf("failed to restore annotation %s (restore it yourself): %w", config.PreferredLeaderKey, err)
	}
}

// changedByOthers reports whether the annotation no longer names the pod, or the Service is gone. Then the test of a patch has failed; an admission that
// refuses the old value answers with the same status.
func (m *mover) changedByOthers(ctx context.Context, service *corev1.Service, pod string) bool {
	now, err := m.client.CoreV1().Services(service.Namespace).Get(context.WithoutCancel(ctx), service.Name, metav1.GetOptions{})
	return apierrors.IsNotFound(err) || err == nil && now.Annotations[config.PreferredLeaderKey] != pod
}

// patch ignores Ctrl-C. If it were interrupted, the API server could still apply the write after restore has run. With --dry-run the API server
// stores nothing.
func (m *mover) patch(ctx context.Context, service *corev1.Service, operations []operation) error {
	body, err := json.Marshal(operations)
	if err != nil {
		return fmt.Errorf("failed to encode patch: %w", err)
	}
	how := metav1.PatchOptions{FieldManager: config.PluginFieldManager}
	if m.dryRun {
		how.DryRun = []string{metav1.DryRunAll}
	}
	return retry.Write(context.WithoutCancel(ctx), writePolicy, "patch-service", func(ctx context.Context) error {
		_, err := m.client.CoreV1().Services(service.Namespace).Patch(ctx, service.Name, types.JSONPatchType, body, how)
		return err
	})
}
