package tuning

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/tanist-dev/tanist/config"
)

// registerMetrics registers the metrics of the tuning.
func registerMetrics(registerer prometheus.Registerer, tuning *config.Store) error {
	stale := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "tanist_tuning_stale",
		Help: "1 while the ConfigMap's tuning is wrong and an older one is in force.",
	}, func() float64 {
		if tuning.Stale() {
			return 1
		}
		return 0
	})
	if err := registerer.Register(stale); err != nil {
		return err
	}
	return registerer.Register(tuningInfo{tuning})
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
