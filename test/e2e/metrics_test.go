//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/test/env"
)

// labels are those that a series must have to be counted.
type labels map[string]string

// Metrics of Tanist, and of the API server about Tanist's webhooks.
const (
	admittedTotal  = "tanist_departures_admitted_total"
	preparedTotal  = "tanist_prepared_total"
	handoversTotal = "tanist_handovers_total"
	trusted        = "tanist_webhook_trusted"
	failOpen       = "apiserver_admission_webhook_fail_open_count"
)

// departures is the webhook that a pod's deletion calls.
const departures = "departures.tanist.dev"

// sum adds up the series of a metric that have some labels.
func sum(text []byte, metric string, with labels) (float64, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		return 0, fmt.Errorf("failed to read metrics: %w", err)
	}
	all := 0.0
	for _, series := range families[metric].GetMetric() {
		has := 0
		for _, label := range series.GetLabel() {
			if value, wanted := with[label.GetName()]; wanted && value == label.GetValue() {
				has++
			}
		}
		if has == len(with) {
			all += series.GetGauge().GetValue() + series.GetCounter().GetValue()
		}
	}
	return all, nil
}

// replicaMetric is a metric of one replica.
func replicaMetric(ctx context.Context, client kubernetes.Interface, pod *corev1.Pod, metric string, with labels) (float64, error) {
	text, err := env.Metrics(ctx, client, pod)
	if err != nil {
		return 0, err
	}
	return sum(text, metric, with)
}

// replicaMetrics are a metric of each replica that is ready, by its pod's name.
func replicaMetrics(ctx context.Context, client kubernetes.Interface, metric string, with labels) (map[string]float64, error) {
	pods, err := env.ReadyReplicas(ctx, client)
	if err != nil {
		return nil, err
	}
	values := map[string]float64{}
	for i := range pods {
		if values[pods[i].Name], err = replicaMetric(ctx, client, &pods[i], metric, with); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// tanistMetric is a metric of all replicas together.
func tanistMetric(t *testing.T, client kubernetes.Interface, metric string, with labels) float64 {
	t.Helper()
	values, err := replicaMetrics(t.Context(), client, metric, with)
	if err != nil {
		t.Fatal(err)
	}
	all := 0.0
	for _, value := range values {
		all += value
	}
	return all
}

// apiServerMetric is a metric of the API server.
func apiServerMetric(ctx context.Context, client kubernetes.Interface, metric string, with labels) (float64, error) {
	text, err := client.CoreV1().RESTClient().Get().AbsPath("/metrics").DoRaw(ctx)
	if err != nil {
		return 0, err
	}
	return sum(text, metric, with)
}

// failedOpen is how many calls of a webhook have failed and were let through.
func failedOpen(t *testing.T, client kubernetes.Interface, webhook string) float64 {
	t.Helper()
	n, err := apiServerMetric(t.Context(), client, failOpen, labels{"name": webhook})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// awaitFailedOpen waits until n more departures than before were let through without admission.
func awaitFailedOpen(t *testing.T, client kubernetes.Interface, before float64, n int) {
	t.Helper()
	env.Occasionally(t, fmt.Sprintf("the API server lets %d deletions pass without admission", n), func(ctx context.Context) error {
		now, err := apiServerMetric(ctx, client, failOpen, labels{"name": departures})
		if err != nil {
			return err
		}
		if now-before < float64(n) {
			return fmt.Errorf("%v were", now-before)
		}
		return nil
	})
}

// awaitAdmission waits until admission prepares departures again. Leaders must be deleted meanwhile.
func awaitAdmission(t *testing.T, client kubernetes.Interface) {
	t.Helper()
	with := labels{"outcome": "prepared"}
	var before map[string]float64
	env.Occasionally(t, "admission prepares departures", func(ctx context.Context) error {
		now, err := replicaMetrics(ctx, client, admittedTotal, with)
		if err != nil {
			return err
		}
		if before == nil {
			before = now
		}
		for name, value := range now {
			if earlier, known := before[name]; known && value > earlier {
				return nil
			}
			if _, known := before[name]; !known {
				before[name] = value
			}
		}
		return fmt.Errorf("admission has prepared %v, no more than before", now)
	})
}
