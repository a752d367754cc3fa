package cache

import (
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
)

// Miss is why a decision needed a live read: a value of the metric's label `reason`.
type Miss string

// The misses.
const (
	// MissUnknown means that a slice has no readable term: someone damaged it.
	MissUnknown Miss = "unknown"
	// MissInvalidated means that the Service's entry was invalidated.
	MissInvalidated Miss = "invalidated"
	// MissConflict means that a commit was refused because the slice had changed, was there already or was gone, and that no event had told more
	// by the time of the next decision.
	MissConflict Miss = "conflict"
	// MissBehind means that the informers have not delivered in time what the writer of a slice had seen.
	MissBehind Miss = "behind"
)

// Invalidation is why the entry of a Service was dropped or is read again: a value of the metric's label `reason`.
type Invalidation string

// The invalidations.
const (
	// PodRecreated means that another pod has the leader's name now.
	PodRecreated Invalidation = "pod_recreated"
	// ServiceGone means that the Service, or its namespace, was deleted or re-created.
	ServiceGone Invalidation = "service_gone"
	// OptedOut means that the label or annotation was removed, or that the Service can no longer have a leader.
	OptedOut Invalidation = "opted_out"
	// ServiceChanged means that the Service or its leader Service changed in more than its status, annotations that Tanist does not read, and
	// those in which Tanist itself reports who leads or keeps something for later.
	ServiceChanged Invalidation = "service_changed"
	// SliceChanged means that a slice's version went back, or that its deletion was seen too late to know the version.
	SliceChanged Invalidation = "slice_changed"
)

// Outcome is how a prepared hand-over ended: a value of the metric's label `outcome`.
type Outcome string

// The outcomes.
const (
	// OutcomeUsed means that it was committed.
	OutcomeUsed Outcome = "used"
	// OutcomeStale means that it was dropped: the successor, a slice, or the Service had changed, the Service was gone, the commit failed, or
	// the departure was not authenticated and another decision would no longer be the same.
	OutcomeStale Outcome = "stale"
	// OutcomeExpired means that its leader did not leave: the request was refused, or a disruption budget held it up for longer than
	// cache.preparedTTL.
	OutcomeExpired Outcome = "expired"
	// OutcomeSuperseded means that a hand-over was then prepared for another leader, or that another commit came first.
	OutcomeSuperseded Outcome = "superseded"
)

// metrics has the counters. The gauges are computed from the entries at each scrape, so a Service's series disappear with its entry.
type metrics struct {
	hits          prometheus.Counter
	misses        *prometheus.CounterVec // reason: a Miss
	invalidations *prometheus.CounterVec // reason: an Invalidation
	prepared      *prometheus.CounterVec // outcome: an Outcome
}

var (
	servicesDesc = prometheus.NewDesc("tanist_leader_services",
		"Services that ask for a leader Service.", nil, nil)
	leaderlessDesc = prometheus.NewDesc("tanist_leaderless_services",
		"Services that ask for a leader Service and have no ready leader.", nil, nil)
	// The labels of leaderlessServiceDesc and termDesc are a Service that asks for a leader.
	leaderlessServiceDesc = prometheus.NewDesc("tanist_service_without_leader",
		"Always 1. A Service has this series only while it asks for a leader Service and has no ready leader.", []string{"namespace", "service"}, nil)
	termDesc = prometheus.NewDesc("tanist_leader_term",
		"Term of the Service's leader. It grows with every change of leader.", []string{"namespace", "service"}, nil)
)

func newMetrics() *metrics {
	m := &metrics{
		hits: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tanist_leader_cache_hits_total",
			Help: "Lookups that the leader cache could answer. If a slice then turns out to belong to another leader Service, a live read follows.",
		}),
		misses: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tanist_leader_cache_misses_total",
			Help: "Decisions that needed a live read, by the reason why the leader cache was not enough.",
		}, []string{"reason"}),
		invalidations: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tanist_leader_cache_invalidations_total",
			Help: "Entries of the leader cache that were dropped or had to be read again, by reason.",
		}, []string{"reason"}),
		prepared: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tanist_prepared_total",
			Help: "Hand-overs that admission prepared on this replica, by outcome.",
		}, []string{"outcome"}),
	}
	for _, outcome := range []Outcome{OutcomeUsed, OutcomeStale, OutcomeExpired, OutcomeSuperseded} {
		m.prepared.WithLabelValues(string(outcome))
	}
	for _, miss := range []Miss{MissUnknown, MissInvalidated, MissConflict, MissBehind} {
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
	descs <- leaderlessServiceDesc
	descs <- termDesc
}

// Collect implements prometheus.Collector.
func (l *Leaders) Collect(out chan<- prometheus.Metric) {
	l.metrics.hits.Collect(out)
	l.metrics.misses.Collect(out)
	l.metrics.invalidations.Collect(out)
	l.metrics.prepared.Collect(out)

	// gauges has released the lock: metrics are slow to make and to read, and a hand-over must not wait for either.
	all, leaderless := l.gauges(), 0
	for _, service := range all {
		if !service.ready {
			leaderless++
			out <- prometheus.MustNewConstMetric(leaderlessServiceDesc, prometheus.GaugeValue, 1, service.Namespace, service.Name)
		}
		out <- prometheus.MustNewConstMetric(termDesc, prometheus.GaugeValue, float64(service.term), service.Namespace, service.Name)
	}
	out <- prometheus.MustNewConstMetric(servicesDesc, prometheus.GaugeValue, float64(len(all)))
	out <- prometheus.MustNewConstMetric(leaderlessDesc, prometheus.GaugeValue, float64(leaderless))
}

// gauge is what the metrics say about one Service.
type gauge struct {
	types.NamespacedName
	ready bool
	term  int64
}

// gauges returns what the metrics say about each Service.
func (l *Leaders) gauges() []gauge {
	l.mu.RLock()
	defer l.mu.RUnlock()
	all := make([]gauge, 0, len(l.entries))
	for key, e := range l.entries {
		if e.serviceUID != "" {
			all = append(all, gauge{key, e.state.Leader.Ready, e.state.Term})
		}
	}
	return all
}
