//go:build integration

package integration_test

import (
	"context"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// patcher is a client for objects of one kind.
type patcher[T any] interface {
	Patch(ctx context.Context, name string, kind types.PatchType, body []byte, options metav1.PatchOptions, subresources ...string) (T, error)
}

// patch patches an object. The test fails when the API server refuses.
func patch[T any](t *testing.T, objects patcher[T], kind types.PatchType, name, body string, subresources ...string) T {
	t.Helper()
	object, err := objects.Patch(t.Context(), name, kind, []byte(body), metav1.PatchOptions{}, subresources...)
	if err != nil {
		t.Fatalf("failed to patch %T %s: %v", object, name, err)
	}
	return object
}
