package retry

import (
	"context"
	"fmt"
	"time"
)

// Do calls fn until it succeeds, fails with an error that is not Worth a retry, or has used up the policy's attempts. Each attempt has the
// policy's timeout. op names the call in the metrics: one of a few constants, never an object's name.
//
// Do returns fn's last error unchanged, for the caller to wrap. If the context ends during a delay, or would, it adds the context's
// cause: errors.Is and the API's predicates find both. If the context has ended before the first attempt, Do does not call fn and
// returns the cause.
func Do(ctx context.Context, policy Policy, op string, fn func(context.Context) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	backoff := policy.backoff()
	for attempt := 1; ; attempt++ {
		err := attemptOnce(ctx, policy, fn)
		outcome := outcomeOf(ctx, policy, attempt, err)
		if outcome == outcomeRetried {
			if waitErr := sleep(ctx, policy.delay(&backoff, err)); waitErr != nil {
				outcome, err = outcomeCanceled, fmt.Errorf("%w (no time to retry: %w)", err, waitErr)
			}
		}
		count(policy.Name, op, outcome)
		if outcome != outcomeRetried {
			return err
		}
	}
}

func attemptOnce(ctx context.Context, policy Policy, fn func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, policy.timeout())
	defer cancel()
	return fn(ctx)
}

// outcomeOf returns the outcome of an attempt.
func outcomeOf(ctx context.Context, policy Policy, attempt int, err error) string {
	switch {
	case err == nil:
		return outcomeSucceeded
	case ctx.Err() != nil:
		return outcomeCanceled
	case !Worth(err):
		return outcomeRefused
	case attempt >= policy.MaxAttempts:
		return outcomeExhausted
	default:
		return outcomeRetried
	}
}

// sleep waits for the delay. If the context's deadline is sooner, it fails immediately, so that the caller can use the remaining time.
func sleep(ctx context.Context, delay time.Duration) error {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= delay {
		return context.DeadlineExceeded
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
