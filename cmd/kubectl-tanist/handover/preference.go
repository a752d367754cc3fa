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
)

// fieldManager is our name in managedFields.
const fieldManager = "kubectl-tanist"

// patienceToWrite is how long a write may take.
const patienceToWrite = 10 * time.Second

// operation is one of a JSON patch.
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

// preferredPath is where the annotation is, as a JSON patch says it.
var preferredPath = "/metadata/annotations/" + strings.ReplaceAll(config.PreferredLeaderKey, "/", "~1")

// prefer sets the annotation. The Service has annotations: it opted in by one.
func (m *mover) prefer(ctx context.Context, service *corev1.Service, pod string) error {
	if err := m.patch(ctx, service, []operation{{"add", preferredPath, pod}}); err != nil {
		return fmt.Errorf("failed to annotate Service: %w", err)
	}
	return nil
}

// restore puts the annotation back as it was, if it still says what we wrote.
func (m *mover) restore(ctx context.Context, service *corev1.Service, pod string) error {
	back := operation{Op: "remove", Path: preferredPath}
	if before, found := service.Annotations[config.PreferredLeaderKey]; found {
		back = operation{"replace", preferredPath, before}
	}
	err := m.patch(ctx, service, []operation{{"test", preferredPath, pod}, back})
	switch {
	case apierrors.IsNotFound(err), apierrors.IsInvalid(err): // the test fails: someone else has changed it since
		return nil
	case err != nil:
		return fmt.Errorf("failed to put %s back, do it by hand: %w", config.PreferredLeaderKey, err)
	}
	return nil
}

// patch is not called off by Ctrl-C: a write whose answer nobody awaits may be carried out after the one that takes it back.
func (m *mover) patch(ctx context.Context, service *corev1.Service, operations []operation) error {
	body, err := json.Marshal(operations)
	if err != nil {
		return fmt.Errorf("failed to encode patch: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patienceToWrite)
	defer cancel()
	_, err = m.client.CoreV1().Services(service.Namespace).Patch(
		ctx, service.Name, types.JSONPatchType, body, metav1.PatchOptions{FieldManager: fieldManager})
	return err
}
