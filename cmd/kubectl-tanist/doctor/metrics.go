package doctor

import (
	"fmt"
	"io"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// samples are the counters and gauges of a replica, by name.
type samples map[string][]sample

type sample struct {
	labels map[string]string
	value  float64
}

func parseSamples(text io.Reader) (samples, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(text)
	if err != nil {
		return nil, fmt.Errorf("failed to read metrics: %w", err)
	}
	all := samples{}
	for name, family := range families {
		for _, metric := range family.GetMetric() {
			s := sample{labels: map[string]string{}, value: metric.GetCounter().GetValue() + metric.GetGauge().GetValue()}
			for _, pair := range metric.GetLabel() {
				s.labels[pair.GetName()] = pair.GetValue()
			}
			all[name] = append(all[name], s)
		}
	}
	return all, nil
}

// sum returns the sum of a metric's series.
func (s samples) sum(name string) (total float64) {
	for _, one := range s[name] {
		total += one.value
	}
	return total
}

// label returns the value of a label of a metric with one series; empty if there is none.
func (s samples) label(name, label string) string {
	if len(s[name]) == 0 {
		return ""
	}
	return s[name][0].labels[label]
}

// metricsUnread returns why the metrics of a replica are not known; empty if those of all are.
func (f *facts) metricsUnread() string {
	if f.replicas.unread != "" {
		return f.replicas.unread
	}
	if len(f.metrics) == 0 {
		return "there is no replica to ask"
	}
	for _, metrics := range f.metrics {
		if metrics.unread != "" {
			return metrics.unread
		}
	}
	return ""
}
