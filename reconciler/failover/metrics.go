package failover

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tanist-dev/tanist/election"
)

// metrics of failovers. Those of leaders and terms are the leader cache's.
type metrics struct {
	// handovers and duration: reason is an election.Reason, path one of commitdelay.go's.
	handovers *prometheus.CounterVec
	duration  *prometheus.HistogramVec
	conflicts prometheus.Counter
	// unadmitted counts what admission should have seen: it is only called when all is well, and says nothing when it is not.
	unadmitted prometheus.Counter
}

// newMetrics registers the metrics.
func newMetrics(registerer prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		handovers: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tanist_handovers_total",
			Help: "Changes of leader that this replica committed, by reason and by who committed (prepared: the replica that admission called; unprepared: the holder of the Lease; backup: another one).",
		}, []string{"reason", "path"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tanist_handover_duration_seconds",
			Help: "Time from the arrival of the event that caused a change of leader to the API server's answer to the commit.",
			Buckets: []float64{
				0.001, 0.0025, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
			},
		}, []string{"reason", "path"}),
		conflicts: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tanist_commit_conflicts_total",
			Help: "Commits that were refused because the EndpointSlice had changed.",
		}),
		unadmitted: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tanist_departures_unadmitted_total",
			Help: "Deleted leaders that this replica handed over without admission having prepared it: the watch saw the deletion and admission did not.",
		}),
	}
	for _, reason := range election.Reasons() {
		for _, path := range []path{pathPrepared, pathUnprepared, pathBackup} {
			m.handovers.WithLabelValues(string(reason), string(path))
			m.duration.WithLabelValues(string(reason), string(path))
		}
	}
	for _, collector := range []prometheus.Collector{
		m.handovers, m.duration, m.conflicts, m.unadmitted,
	} {
		if err := registerer.Register(collector); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// handover counts a change of leader; a duration of zero is one that no event caused.
func (m *metrics) handover(reason string, path path, duration time.Duration) {
	m.handovers.WithLabelValues(reason, string(path)).Inc()
	if duration > 0 {
		m.duration.WithLabelValues(reason, string(path)).Observe(duration.Seconds())
	}
}
