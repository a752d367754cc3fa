package env

import (
	"context"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// Timeout bounds whatever a test waits for. It is generous, since a loaded machine is no failure.
const Timeout = 3 * time.Minute

// Eventually waits until f returns nil. The test fails with f's last error when it never does.
func Eventually(t *testing.T, what string, f func(ctx context.Context) error) {
	t.Helper()
	poll(t, what, 20*time.Millisecond, f)
}

// Await is Eventually, but asks less often, so that it disturbs less what is measured on the same machine.
func Await(t *testing.T, what string, f func(ctx context.Context) error) {
	t.Helper()
	poll(t, what, 200*time.Millisecond, f)
}

// Occasionally asks even less often, for what is costly.
func Occasionally(t *testing.T, what string, f func(ctx context.Context) error) {
	t.Helper()
	poll(t, what, 500*time.Millisecond, f)
}

func poll(t *testing.T, what string, interval time.Duration, f func(ctx context.Context) error) {
	t.Helper()
	var last error
	err := wait.PollUntilContextTimeout(t.Context(), interval, Timeout, true, func(ctx context.Context) (bool, error) {
		last = f(ctx)
		return last == nil, nil
	})
	if err != nil {
		t.Fatalf("%s: not within %v: %v", what, Timeout, last)
	}
}
