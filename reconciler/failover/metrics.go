package failover

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tanist-dev/tanist/election"
)

// Operations on the API server, as the retry metrics name them.
const (
	opUpdateSlice = "update-slice"
	opCreateSlice = "create-slice"
	opRead        = "read-live"
)

// path says which replica commits, and why: a label of the metrics.
type path string

const (
	// pathPrepared is the replica on which the API server called admission, so that it had the commit ready.
	pathPrepared path = "prepared"
	// pathUnprepared is the replica that holds the Lease.
	pathUnprepared path = "unprepared"
	// pathBackup is another replica, because neither of those committed in time.
	pathBackup path = "backup"
)

// metrics are the metrics of failovers. The leader cache has those of leaders and terms.
type metrics struct {
	// The labels of handovers and duration are reason, an election.Reason, and path.
	handovers *prometheus.CounterVec
	duration  *prometheus.HistogramVec
	conflicts prometheus.Counter
	// unadmitted counts departures that admission should have seen. Admission that is not called cannot report that itself. A replica counts
	// only the hand-overs that it commits as the Lease holder.
	unadmitted prometheus.Counter
	// unstable counts commits that were not made because another one would have followed at once, slowed those that had to wait because their
	// Service had too many.
	unstable, slowed prometheus.Counter
}

// newMetrics creates and registers the metrics.
func newMetrics(registerer prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		handovers: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tanist_handovers_total",
			Help: "Changes of leader that this replica committed, by reason and path (prepared: by the replica on which the API server called admission; unprepared: by the holder of the Lease; backup: by another replica).",
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
			Help: "Commits that the API server refused because the EndpointSlice had changed.",
		}),
		unadmitted: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tanist_departures_unadmitted_total",
			Help: "Hand-overs of deleted leaders, committed by this replica, that admission had not prepared: the watch saw the deletion and admission did not.",
		}),
		unstable: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tanist_commits_unstable_total",
			Help: "Commits that were not made because what they would write leads to another commit at once. The Event CommitUnstable says for which Service.",
		}),
		slowed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tanist_commits_slowed_total",
			Help: "Times that a commit had to wait because its Service had too many within seconds. The Event WritesSlowed says for which Service.",
		}),
	}
	for _, reason := range election.Reasons() {
		for _, path := range []path{pathPrepared, pathUnprepared, pathBackup} {
			m.handovers.WithLabelValues(string(reason), string(path))
			m.duration.WithLabelValues(string(reason), string(path))
		}
	}
	for _, collector := range []prometheus.Collector{
		m.handovers, m.duration, m.conflicts, m.unadmitted, m.unstable, m.slowed,
	} {
		if err := registerer.Register(collector); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// handover counts a change of leader. The duration is zero when no event caused it, and is not observed then.
func (m *metrics) handover(reason string, path path, duration time.Duration) {
	m.handovers.WithLabelValues(reason, string(path)).Inc()
	if duration > 0 {
		m.duration.WithLabelValues(reason, string(path)).Observe(duration.Seconds())
	}
}
