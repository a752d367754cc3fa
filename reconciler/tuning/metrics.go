package tuning

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/tanist-dev/tanist/config"
)

// Operations on the API server, as the retry metrics name them.
const (
	opReadTuning = "read-tuning"
	opPatchState = "patch-state"
)

// registerMetrics registers the metrics of the tuning in force.
func registerMetrics(registerer prometheus.Registerer, tuning *config.Store) error {
	stale := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "tanist_tuning_stale",
		Help: "1 while the tuning in the ConfigMap tanist-tuning is wrong, so that the last good tuning or the defaults are in force.",
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

// tuningInfo exports the hash of the tuning in force, so that users see when every replica has the same. There is one series at a time,
// however often the tuning changes.
type tuningInfo struct {
	tuning *config.Store
}

var tuningInfoDesc = prometheus.NewDesc("tanist_tuning_info", "Always 1. The label hash identifies the tuning in force.", []string{"hash"}, nil)

// Describe implements prometheus.Collector.
func (tuningInfo) Describe(descs chan<- *prometheus.Desc) {
	descs <- tuningInfoDesc
}

// Collect implements prometheus.Collector.
func (t tuningInfo) Collect(metrics chan<- prometheus.Metric) {
	metrics <- prometheus.MustNewConstMetric(tuningInfoDesc, prometheus.GaugeValue, 1, t.tuning.Load().Hash())
}
