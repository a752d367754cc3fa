package webhook

import "github.com/prometheus/client_golang/prometheus"

// The handlers' names, as values of the label webhook.
const (
	hookDepartures  = "departures"
	hookServices    = "services"
	hookTuning      = "tuning"
	hookDrainWindow = "drainwindow"
	hookNamespaces  = "namespaces"
)

// What became of an admitted departure, as values of the label outcome.
const (
	// departurePrepared is a leader's, with a successor for each Service that it leads.
	departurePrepared = "prepared"
	// departureNobodyFollows is a leader's that leaves a Service without one.
	departureNobodyFollows = "nobody_follows"
	// departureNoLeader is one of a pod that leads nothing, as far as is known.
	departureNoLeader = "no_leader"
	// departureDryRun is one that is only tried.
	departureDryRun = "dry_run"
	// departureTimedOut is one that was answered before it was prepared.
	departureTimedOut = "timed_out"
	// departureFailed is one that a mistake of ours kept from being prepared.
	departureFailed = "failed"
)

// metrics of admission. Requests and their durations are controller-runtime's.
type metrics struct {
	// failures: webhook is one of the names above.
	failures *prometheus.CounterVec
	// departures: outcome is one of the six above.
	departures *prometheus.CounterVec
}

func newMetrics(registerer prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tanist_admission_failures_total",
			Help: "Requests that were let through because Tanist itself failed to judge them.",
		}, []string{"webhook"}),
		departures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tanist_departures_admitted_total",
			Help: "Deletions and evictions of pods that admission saw, by what became of them.",
		}, []string{"outcome"}),
	}
	for _, hook := range []string{hookDepartures, hookServices, hookTuning, hookDrainWindow, hookNamespaces} {
		m.failures.WithLabelValues(hook)
	}
	for _, outcome := range []string{
		departurePrepared, departureNobodyFollows, departureNoLeader, departureDryRun, departureTimedOut, departureFailed,
	} {
		m.departures.WithLabelValues(outcome)
	}
	for _, collector := range []prometheus.Collector{m.failures, m.departures} {
		if err := registerer.Register(collector); err != nil {
			return nil, err
		}
	}
	return m, nil
}
