package retry

import (
	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

// What became of one attempt: the values of the label outcome.
const (
	// outcomeSucceeded is an attempt without error.
	outcomeSucceeded = "succeeded"
	// outcomeRetried is a failed attempt that another follows.
	outcomeRetried = "retried"
	// outcomeRefused is an error that is not worth another attempt (a conflict, say).
	outcomeRefused = "refused"
	// outcomeExhausted is a failed attempt that was the policy's last.
	outcomeExhausted = "exhausted"
	// outcomeCanceled is a failed attempt whose caller has no time left.
	outcomeCanceled = "canceled"
)

var outcomes = []string{outcomeSucceeded, outcomeRetried, outcomeRefused, outcomeExhausted, outcomeCanceled}

// attempts counts attempts. Labels: policy (the tuning's failover and standard, and event), op (the callers' constants, as they are
// given to InitMetrics), outcome (the five above).
var attempts = prometheus.NewCounterVec(prometheus.CounterOpts{
	Name: "tanist_retry_attempts_total",
	Help: "Attempts at API calls, by retry policy, operation and what became of the attempt.",
}, []string{"policy", "op", "outcome"})

func init() {
	metrics.Registry.MustRegister(attempts)
}

// InitMetrics starts the series of a policy's operations at zero, so that their first failure shows as an increase.
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
