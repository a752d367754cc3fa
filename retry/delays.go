package retry

import (
	"context"
	"time"
)

// MinNonZero returns the shorter of two delays, of which zero means never.
func MinNonZero(a, b time.Duration) time.Duration {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// UnlessStopping returns the error, or nil while the program is being stopped: errors of that moment are nothing to log.
func UnlessStopping(ctx context.Context, err error) error {
	select {
	case <-ctx.Done():
		return nil
	default:
		return err
	}
}
