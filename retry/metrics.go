package retry

import (
	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

// The outcomes of an attempt: the values of the label outcome.
const (
	// outcomeSucceeded is an attempt without error.
	outcomeSucceeded = "succeeded"
	// outcomeRetried is a failed attempt that is followed by another.
	outcomeRetried = "retried"
	// outcomeRefused is an attempt with an error that is not worth a retry (a conflict, for example).
	outcomeRefused = "refused"
	// outcomeExhausted is a failed attempt that was the policy's last one.
	outcomeExhausted = "exhausted"
	// outcomeCanceled is a failed attempt whose caller has no time left.
	outcomeCanceled = "canceled"
)

var outcomes = []string{outcomeSucceeded, outcomeRetried, outcomeRefused, outcomeExhausted, outcomeCanceled}

// attempts counts attempts. Its labels are policy (failover and standard as in the tuning, and event), op (the callers' constants, as
// passed to InitMetrics) and outcome (the five above).
var attempts = prometheus.NewCounterVec(prometheus.CounterOpts{
	Name: "tanist_retry_attempts_total",
	Help: "Attempts at API calls, by retry policy, operation and outcome.",
}, []string{"policy", "op", "outcome"})

func init() {
	metrics.Registry.MustRegister(attempts)
}

// InitMetrics initialises the series of a policy's operations to zero, so that their first failure shows as an increase.
func InitMetrics(policy string, ops ...string) {
	for _, op := range ops {
		for _, outcome := range outcomes {
			attempts.WithLabelValues(policy, op, outcome)
		}
	}
}

func count(policy, op, outcome string) {
	attempts.WithLabelValues(policy, op, outcome).Inc()
}
