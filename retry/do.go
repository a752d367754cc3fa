package retry

import (
	"context"
	"fmt"
	"time"
)

// Do calls fn until it succeeds, fails with an error that is not Worth another attempt, or the policy's attempts are used up. op
// names the call in the metrics: one of a few constants, never an object's name.
//
// The error is fn's last one as it is, for the caller to wrap. When the context ends during a delay, or would, it is that error
// with the context's cause: errors.Is and the API's predicates find both. A context that has ended before the first attempt is
// answered with its cause alone, and fn is not called.
func Do(ctx context.Context, policy Policy, op string, fn func(context.Context) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	backoff := policy.backoff()
	for attempt := 1; ; attempt++ {
		err := fn(ctx)
		outcome := judge(ctx, policy, attempt, err)
		if outcome == outcomeRetried {
			if waitErr := pause(ctx, policy.delay(&backoff, err)); waitErr != nil {
				outcome, err = outcomeCanceled, fmt.Errorf("%w (no time to try again: %w)", err, waitErr)
			}
		}
		count(policy.Name, op, outcome)
		if outcome != outcomeRetried {
			return err
		}
	}
}

// judge says what becomes of an attempt.
func judge(ctx context.Context, policy Policy, attempt int, err error) string {
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

// pause waits for the delay. It does not begin a wait that the context's deadline would cut short: whoever waits for us can use the
// time better.
func pause(ctx context.Context, delay time.Duration) error {
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
