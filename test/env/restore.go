package env

import (
	"context"
	"sync"
	"testing"
	"time"
)

// Restoring returns a function that undoes a fault. The test calls it when the fault has lasted long enough. If it fails before, its
// cleanup does.
func Restoring(t *testing.T, what string, undo func(context.Context) error) (restore func()) {
	t.Helper()
	var once sync.Once
	restore = func() {
		t.Helper()
		once.Do(func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
			defer cancel()
			if err := undo(ctx); err != nil {
				t.Errorf("failed to restore %s: %v", what, err)
			}
		})
	}
	t.Cleanup(restore)
	return restore
}
