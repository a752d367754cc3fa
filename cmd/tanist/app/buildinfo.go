package app

import (
	"fmt"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
)

// registerBuildInfo registers the gauge by which you see, across all replicas, which version each of them runs. Its labels have one value
// each for as long as the program runs.
func registerBuildInfo(registerer prometheus.Registerer, version string) error {
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "tanist_build_info", Help: "1, with the version of Tanist and of the Go that built it.",
	}, []string{"version", "goversion"})
	info.WithLabelValues(version, runtime.Version()).Set(1)
	if err := registerer.Register(info); err != nil {
		return fmt.Errorf("failed to register the build's version: %w", err)
	}
	return nil
}
