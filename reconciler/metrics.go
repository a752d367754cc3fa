package reconciler

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
)

// metrics of the succession controller and of the tuning. Those of leaders and terms are the leader cache's.
type metrics struct {
	// handovers and duration: reason is an election.Reason, path one of commitdelay.go's.
	handovers *prometheus.CounterVec
	duration  *prometheus.HistogramVec
	conflicts prometheus.Counter
	// unadmitted counts what admission should have seen: it is only called when all is well, and says nothing when it is not.
	unadmitted prometheus.Counter
	stale      prometheus.GaugeFunc
}

// newMetrics registers the metrics.
func newMetrics(registerer prometheus.Registerer, tuning *config.Store) (*metrics, error) {
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
		stale: prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "tanist_tuning_stale",
			Help: "1 while the ConfigMap's tuning is wrong and an older one is in force.",
		}, func() float64 {
			if tuning.Stale() {
				return 1
			}
			return 0
		}),
	}
	for _, reason := range election.Reasons() {
		for _, path := range []path{pathPrepared, pathUnprepared, pathBackup} {
			m.handovers.WithLabelValues(string(reason), string(path))
			m.duration.WithLabelValues(string(reason), string(path))
		}
	}
	for _, collector := range []prometheus.Collector{
		m.handovers, m.duration, m.conflicts, m.unadmitted, m.stale, tuningInfo{tuning},
	} {
		if err := registerer.Register(collector); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// newOmittedEvents counts for the eventLimits.
func newOmittedEvents() prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{
		Name: "tanist_events_omitted_total",
		Help: "Events that were not sent because their Service had too many with the same reason; the next one says how many.",
	})
}

// handover counts a change of leader; a duration of zero is one that no event caused.
func (m *metrics) handover(reason string, path path, duration time.Duration) {
	m.handovers.WithLabelValues(reason, string(path)).Inc()
	if duration > 0 {
		m.duration.WithLabelValues(reason, string(path)).Observe(duration.Seconds())
	}
}

// tuningInfo exports the hash of the tuning in force, as one series whatever it changes to: one sees when every replica has it.
type tuningInfo struct {
	tuning *config.Store
}

var tuningInfoDesc = prometheus.NewDesc("tanist_tuning_info", "Always 1; hash names the tuning in force.", []string{"hash"}, nil)

// Describe implements prometheus.Collector.
func (tuningInfo) Describe(descs chan<- *prometheus.Desc) {
	descs <- tuningInfoDesc
}

// Collect implements prometheus.Collector.
func (t tuningInfo) Collect(metrics chan<- prometheus.Metric) {
	metrics <- prometheus.MustNewConstMetric(tuningInfoDesc, prometheus.GaugeValue, 1, t.tuning.Load().Hash())
}
