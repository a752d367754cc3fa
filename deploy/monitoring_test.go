//go:build chart

package deploy_test

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

// TestTheChartHasTheDashboard checks that Grafana's sidecar gets the dashboard unchanged: Helm must not interpret Grafana's templates.
func TestTheChartHasTheDashboard(t *testing.T) {
	want, err := os.ReadFile("chart/dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		values        []string
		wantNamespace string
		wantLabel     string
		wantAnnotated map[string]string
	}{
		"in the release's namespace": {wantNamespace: namespace, wantLabel: "1"},
		"in Grafana's namespace": {
			values:        []string{"dashboard.namespace=monitoring", "dashboard.labels.grafana_dashboard=yes", "dashboard.annotations.grafana_folder=Tanist"},
			wantNamespace: "monitoring", wantLabel: "yes", wantAnnotated: map[string]string{"grafana_folder": "Tanist"},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			got := get[*corev1.ConfigMap](t, render(t, append(test.values, "dashboard.enabled=true")...), "tanist-dashboard")
			if got.Namespace != test.wantNamespace || got.Labels["grafana_dashboard"] != test.wantLabel {
				t.Errorf("namespace %s, labels %v", got.Namespace, got.Labels)
			}
			if diff := cmp.Diff(test.wantAnnotated, got.Annotations); diff != "" {
				t.Errorf("unexpected annotations (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(map[string]string{"tanist.json": string(want)}, got.Data); diff != "" {
				t.Errorf("unexpected dashboard (-want +got):\n%s", diff)
			}
		})
	}
}

// TestTheMetricsService checks that it lists every replica, also without the Prometheus operator.
func TestTheMetricsService(t *testing.T) {
	for _, test := range []struct {
		values []string
		want   int32
	}{{nil, 8443}, {[]string{"metrics.secure=false"}, 8080}, {[]string{"ports.metrics=9000"}, 9000}} {
		all := render(t, test.values...)
		spec := get[*corev1.Service](t, all, "tanist-metrics").Spec
		if spec.ClusterIP != corev1.ClusterIPNone || !spec.PublishNotReadyAddresses || spec.Ports[0].Port != test.want {
			t.Errorf("%v: unexpected Service: %+v", test.values, spec)
		}
		_, container := pod(t, all)
		for _, port := range container.Ports {
			if port.Name == "metrics" && port.ContainerPort != test.want {
				t.Errorf("%v: the pods serve metrics on %d", test.values, port.ContainerPort)
			}
		}
	}
}
