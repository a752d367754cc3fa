package retry

import (
	"cmp"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	// factor is by how much each delay is multiplied.
	factor = 2
	// jitter is the largest fraction that is randomly added to a delay, so that replicas that failed together do not retry together.
	jitter = 0.2
)

// Policy is how often and how soon a call is retried.
type Policy struct {
	// Name is a label of the metrics: one of a few constants.
	Name string
	// MaxAttempts counts the first attempt too. Less than one means one.
	MaxAttempts int
	// InitialDelay is the delay before the second attempt. Each delay that follows is twice as long. Up to a fifth is added at random.
	InitialDelay time.Duration
	// Timeout is how long one attempt may take; zero for AttemptTimeout.
	Timeout time.Duration
	// MaxDelay is the longest delay, even if doubling, jitter or the API server's Retry-After ask for more. Zero means no delays.
	MaxDelay time.Duration
}

// timeout returns how long one attempt may take.
func (p Policy) timeout() time.Duration { return cmp.Or(p.Timeout, AttemptTimeout) }

// backoff returns the policy as apimachinery's Backoff. delay enforces the cap, because jitter exceeds it.
func (p Policy) backoff() wait.Backoff {
	return wait.Backoff{Duration: p.InitialDelay, Factor: factor, Jitter: jitter, Steps: p.MaxAttempts, Cap: p.MaxDelay}
}

// delay returns how long to wait after an error: at least as long as the backoff and the API server's Retry-After ask for, but never
// longer than MaxDelay. The smallest Retry-After is a second, and a hand-over does not wait that long.
func (p Policy) delay(backoff *wait.Backoff, err error) time.Duration {
	return min(max(backoff.Step(), suggestedDelay(err)), p.MaxDelay)
}
