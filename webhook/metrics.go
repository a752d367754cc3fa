package webhook

import "github.com/prometheus/client_golang/prometheus"

// The handlers' names, as values of the label webhook.
const (
	hookServices    = "services"
	hookTuning      = "tuning"
	hookDrainWindow = "drainwindow"
)

// metrics of admission. Requests and their durations are controller-runtime's.
type metrics struct {
	// failures: webhook is one of the names above.
	failures *prometheus.CounterVec
}

func newMetrics(registerer prometheus.Registerer) (*metrics, error) {
	m := &metrics{failures: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "tanist_admission_failures_total",
		Help: "Requests that were let through because Tanist itself failed to judge them.",
	}, []string{"webhook"})}
	for _, hook := range []string{hookServices, hookTuning, hookDrainWindow} {
		m.failures.WithLabelValues(hook)
	}
	return m, registerer.Register(m.failures)
}
