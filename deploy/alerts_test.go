package deploy_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// rules is a file of Prometheus rules.
type rules struct {
	Groups []struct {
		Name  string `json:"name"`
		Rules []struct {
			Alert       string            `json:"alert"`
			Expr        string            `json:"expr"`
			For         string            `json:"for"`
			Labels      map[string]string `json:"labels"`
			Annotations map[string]string `json:"annotations"`
		} `json:"rules"`
	} `json:"groups"`
}

// alerts returns the chart's alert rules.
func alerts(t *testing.T) (text string, parsed rules) {
	t.Helper()
	content, err := os.ReadFile("chart/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(content, &parsed); err != nil {
		t.Fatal(err)
	}
	return string(content), parsed
}

// TestAlerts checks that each alert has a severity, a summary and a description, and waits for the cluster to recover by itself.
func TestAlerts(t *testing.T) {
	_, file := alerts(t)
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			if !slices.Contains([]string{"warning", "critical"}, rule.Labels["severity"]) || rule.For == "" || rule.Expr == "" ||
				rule.Annotations["summary"] == "" || rule.Annotations["description"] == "" {
				t.Errorf("incomplete: %+v", rule)
			}
		}
	}
}

// TestMetricsExist checks that the alerts and the dashboard query only metrics that the documentation lists.
func TestMetricsExist(t *testing.T) {
	usage, err := os.ReadFile("../docs/usage.md")
	if err != nil {
		t.Fatal(err)
	}
	dashboard, err := os.ReadFile("chart/dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile(`tanist_[a-z_]+`)
	// The table abbreviates names: `tanist_leader_cache_hits_total`, `_misses_total{reason}`.
	known := name.FindAllString(strings.ReplaceAll(string(usage), "`_misses_", "`tanist_leader_cache_misses_"), -1)
	text, _ := alerts(t)
	for _, metric := range name.FindAllString(text+string(dashboard), -1) {
		if metric = strings.TrimSuffix(metric, "_bucket"); !slices.Contains(known, metric) {
			t.Errorf("there is no metric %s", metric)
		}
	}
}
