package cache

import (
	"github.com/prometheus/client_golang/prometheus"
)

// Miss is why a decision needed a live read.
type Miss string

// The misses.
const (
	// MissUnknown is a slice that does not say who leads: someone damaged it.
	MissUnknown Miss = "unknown"
	// MissInvalidated is a Service whose entry was invalidated.
	MissInvalidated Miss = "invalidated"
	// MissConflict is a commit that was refused because the slice had changed.
	MissConflict Miss = "conflict"
)

// Invalidation is why what was known of a Service is not relied upon any longer.
type Invalidation string

// The invalidations.
const (
	// PodRecreated is a leader whose name another pod has now.
	PodRecreated Invalidation = "pod_recreated"
	// ServiceGone is a Service, or its namespace, that was deleted or re-created.
	ServiceGone Invalidation = "service_gone"
	// OptedOut is a label or annotation that was removed, or a Service that cannot have a leader any longer.
	OptedOut Invalidation = "opted_out"
	// ServiceChanged is a Service, or its leader Service, with another selector, ports, address families or annotations.
	ServiceChanged Invalidation = "service_changed"
	// SliceChanged is a slice whose version went back, or whose deletion was seen too late to know its version.
	SliceChanged Invalidation = "slice_changed"
)

// Outcome is what became of a prepared succession.
type Outcome string

// The outcomes.
const (
	// OutcomeUsed is one that was committed.
	OutcomeUsed Outcome = "used"
	// OutcomeStale is one that did not fit any longer when its leader left: its successor or a slice had changed.
	OutcomeStale Outcome = "stale"
	// OutcomeExpired is one whose leader did not leave: the request was refused, or a finalizer or budget held it.
	OutcomeExpired Outcome = "expired"
	// OutcomeSuperseded is one that a newer one, or another replica's commit, took the place of.
	OutcomeSuperseded Outcome = "superseded"
)

// metrics are the counters; the gauges are read from the entries when they are asked for, so that a Service takes its series with
// it when it goes.
type metrics struct {
	hits          prometheus.Counter
	misses        *prometheus.CounterVec // reason: a Miss
	invalidations *prometheus.CounterVec // reason: an Invalidation
	prepared      *prometheus.CounterVec // outcome: an Outcome
}

var (
	servicesDesc = prometheus.NewDesc("tanist_leader_services",
		"Services that have asked for a leader Service.", nil, nil)
	leaderlessDesc = prometheus.NewDesc("tanist_leaderless_services",
		"Services that have asked for a leader Service and that no ready pod leads.", nil, nil)
	termDesc = prometheus.NewDesc("tanist_leader_term",
		"Term of the Service's leader; it grows with every change of leader.", []string{"namespace", "service"}, nil)
)

func newMetrics() *metrics {
	m := &metrics{
		hits: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tanist_leader_cache_hits_total",
			Help: "Decisions taken from the leader cache, with no read from the API.",
		}),
		misses: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tanist_leader_cache_misses_total",
			Help: "Live reads that a decision needed, by the reason why the leader cache was not enough.",
		}, []string{"reason"}),
		invalidations: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tanist_leader_cache_invalidations_total",
			Help: "Times that what the leader cache knew of a Service was not relied upon any longer, by reason.",
		}, []string{"reason"}),
	}
	m.prepared = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "tanist_prepared_total",
		Help: "Successions that admission prepared on this replica, by what became of them.",
	}, []string{"outcome"})
	for _, outcome := range []Outcome{OutcomeUsed, OutcomeStale, OutcomeExpired, OutcomeSuperseded} {
		m.prepared.WithLabelValues(string(outcome))
	}
	for _, miss := range []Miss{MissUnknown, MissInvalidated, MissConflict} {
		m.misses.WithLabelValues(string(miss))
	}
	for _, why := range []Invalidation{PodRecreated, ServiceGone, OptedOut, ServiceChanged, SliceChanged} {
		m.invalidations.WithLabelValues(string(why))
	}
	return m
}

func (m *metrics) invalidated(why Invalidation) {
	m.invalidations.WithLabelValues(string(why)).Inc()
}

// Describe implements prometheus.Collector.
func (l *Leaders) Describe(descs chan<- *prometheus.Desc) {
	l.metrics.hits.Describe(descs)
	l.metrics.misses.Describe(descs)
	l.metrics.invalidations.Describe(descs)
	l.metrics.prepared.Describe(descs)
	descs <- servicesDesc
	descs <- leaderlessDesc
	descs <- termDesc
}

// Collect implements prometheus.Collector.
func (l *Leaders) Collect(out chan<- prometheus.Metric) {
	l.metrics.hits.Collect(out)
	l.metrics.misses.Collect(out)
	l.metrics.invalidations.Collect(out)
	l.metrics.prepared.Collect(out)

	// Collected first and sent later: whoever reads the channel may be slow, and a hand-over must not wait for it.
	services, leaderless, terms := l.gauges()
	out <- prometheus.MustNewConstMetric(servicesDesc, prometheus.GaugeValue, float64(services))
	out <- prometheus.MustNewConstMetric(leaderlessDesc, prometheus.GaugeValue, float64(leaderless))
	for _, term := range terms {
		out <- term
	}
}

// gauges counts the entries.
func (l *Leaders) gauges() (services, leaderless int, terms []prometheus.Metric) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for key, e := range l.entries {
		if e.service == "" {
			continue
		}
		services++
		if !e.state.Leader.Ready {
			leaderless++
		}
		terms = append(terms, prometheus.MustNewConstMetric(
			termDesc, prometheus.GaugeValue, float64(e.state.Term), key.Namespace, key.Name))
	}
	return services, leaderless, terms
}
