package app

import (
	"context"
	"testing"
)

func TestReadinessFailsFirstAtTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	check := running(ctx)
	if err := check(nil); err != nil {
		t.Errorf("got %v while it runs", err)
	}
	cancel()
	if err := check(nil); err == nil || err.Error() != "tanist is shutting down" {
		t.Errorf("got %v", err)
	}
}
