package certs

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics has the metrics of certificates. controller-runtime's own (certwatcher_*) are about reading the files.
type metrics struct {
	ready prometheus.Gauge
	// expiry and renewal have no labels, and no series while the time is unknown: zero would mean 1970.
	expiry, renewal *prometheus.GaugeVec
	// trusted has the label webhook, one of ourWebhooks.
	trusted *prometheus.GaugeVec
}

func newMetrics(registerer prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		ready: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "tanist_certificate_ready",
			Help: "1 while cert-manager reports the serving Certificate as ready or the self-managed one is valid, 0 otherwise, also without a certificate.",
		}),
		expiry: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "tanist_certificate_expiry_timestamp_seconds",
			Help: "When the certificate that cert-manager or Tanist itself has issued expires, in seconds since 1970. Absent while unknown.",
		}, nil),
		renewal: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "tanist_certificate_renewal_timestamp_seconds",
			Help: "When the certificate will be renewed, in seconds since 1970. Absent while unknown.",
		}, nil),
		trusted: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "tanist_webhook_trusted",
			Help: "1 while the API server can trust the certificate that this replica serves for the webhook, 0 otherwise.",
		}, []string{"webhook"}),
	}
	for _, webhook := range ourWebhooks {
		m.trusted.WithLabelValues(webhook.name)
	}
	for _, collector := range []prometheus.Collector{m.ready, m.expiry, m.renewal, m.trusted} {
		if err := registerer.Register(collector); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// setTime sets a time, or deletes the series if there is none.
func setTime(gauge *prometheus.GaugeVec, t time.Time) {
	if t.IsZero() {
		gauge.DeleteLabelValues()
		return
	}
	gauge.WithLabelValues().Set(float64(t.Unix()))
}

func setBool(gauge prometheus.Gauge, is bool) {
	if is {
		gauge.Set(1)
	} else {
		gauge.Set(0)
	}
}
