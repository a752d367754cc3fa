package store

import (
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/retry"
)

// Names of the tuning's retry policies, as the retry metrics have them.
const (
	FailoverPolicyName = "failover"
	StandardPolicyName = "standard"
)

// FailoverPolicy returns how calls are tried again that a hand-over waits for.
func FailoverPolicy(tuning config.Tuning) retry.Policy {
	return policy(FailoverPolicyName, tuning.Retry.Failover)
}

// StandardPolicy returns how all other calls are tried again.
func StandardPolicy(tuning config.Tuning) retry.Policy {
	return policy(StandardPolicyName, tuning.Retry.Standard)
}

func policy(name string, tuning config.RetryPolicy) retry.Policy {
	return retry.Policy{
		Name: name, MaxAttempts: tuning.MaxAttempts,
		InitialDelay: tuning.InitialDelay.Duration, MaxDelay: tuning.MaxDelay.Duration,
	}
}
