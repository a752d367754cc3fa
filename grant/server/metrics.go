package server

import (
	"cmp"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tanist-dev/tanist/grant"
)

// metricsSet are the metrics of grants. All label values are constants of this package and package grant.
type metricsSet struct {
	grants, reads, stepDowns, requestsRefused *prometheus.CounterVec
}

func newMetrics() *metricsSet {
	counter := func(name, help, label string, values ...string) *prometheus.CounterVec {
		vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label})
		for _, value := range values {
			vec.WithLabelValues(value)
		}
		return vec
	}
	return &metricsSet{
		grants: counter("tanist_grants_total",
			"Requests of leaders for a grant, by result: Granted, or why there was none.", "result",
			"Granted", string(grant.NotLeader), string(grant.Settling), string(grant.Overtaken), string(grant.TooManySessions), string(grant.Unread)),
		reads: counter("tanist_grant_reads_total",
			"Live reads of slices for grants, by result. One read serves all who ask about a Service at the moment.", "result", "ok", "error"),
		stepDowns: counter("tanist_grant_step_downs_total",
			"Answers to step-downs of pods, by result: Released, or why the next leader has to wait. A pod may ask again.", "result",
			"Released", stillLeads, notVouched, unread),
		requestsRefused: counter("tanist_grant_requests_refused_total",
			"Requests that were refused because of who asked, by reason.", "reason", "UnknownPod", "TooManyRequests", "BadToken"),
	}
}

func (m *metricsSet) register(registerer prometheus.Registerer) error {
	for _, vec := range []prometheus.Collector{m.grants, m.reads, m.stepDowns, m.requestsRefused} {
		if err := registerer.Register(vec); err != nil {
			return err
		}
	}
	return nil
}

func (m *metricsSet) answered(answer grant.Answer) {
	m.grants.WithLabelValues(cmp.Or(string(answer.Refusal), "Granted")).Inc()
}

func (m *metricsSet) read(err error) {
	result := "ok"
	if err != nil {
		result = "error"
	}
	m.reads.WithLabelValues(result).Inc()
}

func (m *metricsSet) stepDown(answer steppedDown) {
	m.stepDowns.WithLabelValues(cmp.Or(answer.Reason, "Released")).Inc()
}

func (m *metricsSet) refused(reason string) { m.requestsRefused.WithLabelValues(reason).Inc() }
