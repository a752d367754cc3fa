package watch

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tanist-dev/tanist/observe"
)

// metrics are those of one Watcher.
type metrics struct {
	ages       prometheus.Histogram
	suspicions *prometheus.CounterVec // outcome: one of observe.Outcomes
	verdicts   *prometheus.CounterVec // verdict: NodeLost, LeaderFrozen, LeaderCrashed
}

func newMetrics() *metrics {
	m := &metrics{
		ages: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "tanist_node_age_seconds",
			Help:    "How long watched nodes had been silent each time they were heard.",
			Buckets: []float64{.02, .05, .1, .2, .3, .5, .8, 1, 1.5, 2, 3, 5, 10, 60},
		}),
		suspicions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tanist_suspicions_total",
			Help: "Suspicions that a node is lost that have ended, by outcome: the node was lost, was heard, a peer vetoed, or this replica was isolated.",
		}, []string{"outcome"}),
		verdicts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tanist_verdicts_total",
			Help: "Leaders that this replica believed to be lost, by verdict. A move follows only if another pod was heard.",
		}, []string{"verdict"}),
	}
	for _, outcome := range observe.Outcomes() {
		m.suspicions.WithLabelValues(string(outcome))
	}
	for _, verdict := range []observe.Verdict{observe.NodeLost, observe.LeaderFrozen, observe.LeaderCrashed} {
		m.verdicts.WithLabelValues(string(verdict))
	}
	return m
}

func (m *metrics) observeAge(age time.Duration) { m.ages.Observe(age.Seconds()) }

// register registers the metrics, and those that are computed from what a Watcher knows.
func (m *metrics) register(w *Watcher, registerer prometheus.Registerer) error {
	for _, collector := range []prometheus.Collector{
		m.ages, m.suspicions, m.verdicts,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "tanist_unwatched_leaders",
			Help: "Leaders whose loss this replica would notice only when Kubernetes does, because it cannot hear their nodes. Those on its own node count if no other replica runs elsewhere.",
		}, w.unwatched),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "tanist_loss_window_seconds",
			Help: "How long the node must be silent to be lost that has the longest window of all watched nodes, by the tuning's observe.lossAfter.",
		}, w.longestWindow),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "tanist_nodes_dropping_connections",
			Help: "Watched nodes that have answered this replica for 40 s on connections alone that were open already, and on no new one.",
		}, w.nodesDroppingConnections),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "tanist_watched_processes",
			Help: "Pods whose processes this replica watches. The replicas share the leaders among them.",
		}, w.watchedProcesses),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "tanist_observer_stalls_seconds_total",
			Help: "Time in which this replica did not run (stopped, paused or without CPU), which counts for no silence.",
		}, w.stalledSeconds),
	} {
		if err := registerer.Register(collector); err != nil {
			return fmt.Errorf("failed to register metrics of the observer: %w", err)
		}
	}
	return nil
}

// unwatched counts the leaders whose nodes this replica cannot hear.
func (w *Watcher) unwatched() float64 {
	if !w.enabled() {
		return 0 // as the tuning asks
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	elsewhere := false
	for _, r := range w.replicas {
		elsewhere = elsewhere || r.Node != w.own
	}
	count, now := 0, w.clock.Now()
	for _, s := range w.services {
		if s.Leader == nil || s.LossAfter == 0 || s.Leader.Node == w.own && elsewhere {
			continue
		}
		if n := w.nodes[s.Leader.Node]; n == nil || n.hearing.Armed(now) == observe.NotArmed {
			count++
		}
	}
	return float64(count)
}

func (w *Watcher) longestWindow() float64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	longest, now := time.Duration(0), w.clock.Now()
	for _, n := range w.nodes {
		if n.hearing.Armed(now) != observe.NotArmed {
			longest = max(longest, w.lossWindow(n, w.Tuning.Load().Observe.LossAfter.Duration, now))
		}
	}
	return longest.Seconds()
}

func (w *Watcher) nodesDroppingConnections() float64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	count := 0
	for _, n := range w.nodes {
		if n.dropsNew {
			count++
		}
	}
	return float64(count)
}

func (w *Watcher) watchedProcesses() float64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return float64(len(w.pods))
}

func (w *Watcher) stalledSeconds() float64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock.Uncounted().Seconds()
}
