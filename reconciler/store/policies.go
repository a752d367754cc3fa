package store

import (
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/retry"
)

// Names of the tuning's retry policies in the retry metrics.
const (
	FailoverPolicyName = "failover"
	StandardPolicyName = "standard"
)

// FailoverPolicy returns how to retry the calls that a hand-over waits for.
func FailoverPolicy(tuning config.Tuning) retry.Policy {
	return policy(FailoverPolicyName, tuning.Retry.Failover)
}

// StandardPolicy returns how to retry all other calls.
func StandardPolicy(tuning config.Tuning) retry.Policy {
	return policy(StandardPolicyName, tuning.Retry.Standard)
}

// WritePolicy returns the tuning's standard policy for a write.
func WritePolicy(tuning config.Tuning) retry.Policy {
	write := StandardPolicy(tuning)
	write.Timeout = retry.AdmissionTimeout
	return write
}

func policy(name string, tuning config.RetryPolicy) retry.Policy {
	return retry.Policy{
		Name: name, MaxAttempts: tuning.MaxAttempts,
		InitialDelay: tuning.InitialDelay.Duration, MaxDelay: tuning.MaxDelay.Duration,
	}
}
