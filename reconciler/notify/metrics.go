package notify

import "github.com/prometheus/client_golang/prometheus"

// newOmittedEvents returns the counter of the Events that eventLimits omits.
func newOmittedEvents() prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{
		Name: "tanist_events_omitted_total",
		Help: "Number of Events that were not sent because their Service had too many with the same reason, or their namespace had too many. The note of the next one says how many.",
	})
}
