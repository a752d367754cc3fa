package retry

import (
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	// factor is how much each delay is longer than the one before.
	factor = 2
	// jitter is the largest share that chance adds to a delay, so that replicas that failed together do not try again together.
	jitter = 0.2
)

// Policy is how often and how soon a call is tried again.
type Policy struct {
	// Name labels the metrics: one of a few constants.
	Name string
	// MaxAttempts counts the first attempt too. Less than one means one.
	MaxAttempts int
	// InitialDelay is before the second attempt; each delay that follows is twice as long, and up to a fifth is added by chance.
	InitialDelay time.Duration
	// MaxDelay is the longest delay, whatever the doubling, chance and the API server's Retry-After say. Zero means no delays.
	MaxDelay time.Duration
}

// backoff is the policy for the apimachinery's own arithmetic. Its cap is enforced by delay: jitter goes beyond it.
func (p Policy) backoff() wait.Backoff {
	return wait.Backoff{Duration: p.InitialDelay, Factor: factor, Jitter: jitter, Steps: p.MaxAttempts, Cap: p.MaxDelay}
}

// delay is how long to wait after an error: as long as the API server asked for, at least as long as the backoff says, and never
// longer than MaxDelay. A hand-over does not wait a second because the server, whose smallest unit that is, would like it to.
func (p Policy) delay(backoff *wait.Backoff, err error) time.Duration {
	return min(max(backoff.Step(), suggestedDelay(err)), p.MaxDelay)
}
