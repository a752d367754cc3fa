package webhook

import "github.com/prometheus/client_golang/prometheus"

// Names of the handlers: values of the metric's label `webhook`.
const (
	hookDepartures  = "departures"
	hookServices    = "services"
	hookTuning      = "tuning"
	hookDrainWindow = "drainwindow"
	hookNamespaces  = "namespaces"
	// hookAny is for calls at "/", as long as nothing has said which of the others they are for.
	hookAny = "any"
)

// Outcomes of a departure: values of the metric's label `outcome`.
const (
	// departurePrepared means that the pod leads, and that each Service that it leads has a successor.
	departurePrepared = "prepared"
	// departureNobodyFollows means that the pod leads, and that a Service that it leads has no successor.
	departureNobodyFollows = "nobody_follows"
	// departureNoLeader means that the pod leads no Service, as far as this replica knows, or that it is terminating already.
	departureNoLeader = "no_leader"
	// departureDryRun means that the request was a dry run.
	departureDryRun = "dry_run"
	// departureTimedOut means that the response was sent before the departure was prepared.
	departureTimedOut = "timed_out"
	// departureFailed means that Tanist failed to prepare it.
	departureFailed = "failed"
)

// metrics has admission's own metrics. Requests and their durations are counted by controller-runtime.
type metrics struct {
	// failures has the label webhook: one of the five names above.
	failures *prometheus.CounterVec
	// departures has the label outcome: one of the six above.
	departures *prometheus.CounterVec
	// unauthenticated has the label webhook: one of the names above, or "any".
	unauthenticated *prometheus.CounterVec
	// rejected has the label webhook, too, and the label cause: one of those in limits.go.
	rejected *prometheus.CounterVec
}

func newMetrics(registerer prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tanist_admission_failures_total",
			Help: "Admission requests that were allowed because Tanist failed to handle them.",
		}, []string{"webhook"}),
		departures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tanist_departures_admitted_total",
			Help: "Deletions and evictions of pods that admission saw, by outcome.",
		}, []string{"outcome"}),
		unauthenticated: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tanist_admission_unauthenticated_total",
			Help: "Calls that were refused because they lack the secret that the API server has.",
		}, []string{"webhook"}),
		rejected: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tanist_admission_rejected_total",
			Help: "Calls that were not handled because they exceed a limit, by cause. The API server allows such requests.",
		}, []string{"webhook", "cause"}),
	}
	for _, hook := range hookPaths {
		m.unauthenticated.WithLabelValues(hook)
		for cause := range statusOf {
			m.rejected.WithLabelValues(hook, cause)
		}
	}
	for _, hook := range []string{hookDepartures, hookServices, hookTuning, hookDrainWindow, hookNamespaces} {
		m.failures.WithLabelValues(hook)
	}
	for _, outcome := range []string{
		departurePrepared, departureNobodyFollows, departureNoLeader, departureDryRun, departureTimedOut, departureFailed,
	} {
		m.departures.WithLabelValues(outcome)
	}
	for _, collector := range []prometheus.Collector{m.failures, m.departures, m.unauthenticated, m.rejected} {
		if err := registerer.Register(collector); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// newAuthenticatedGauge returns a gauge of whether calls are authenticated.
func newAuthenticatedGauge(paths *Paths) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "tanist_admission_authenticated",
		Help: "1 while every webhook is called at a path with a secret, which proves that a call is the API server's, 0 otherwise.",
	}, func() float64 {
		if paths.Authenticated() {
			return 1
		}
		return 0
	})
}
