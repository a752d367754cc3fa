package deploy_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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

// runbooks is where the pages about the alerts are, on the web and in this repository.
const (
	runbooks      = "https://github.com/tanist-dev/tanist/blob/main/docs/runbooks/"
	runbookFolder = "../docs/runbooks"
)

// TestAlerts checks that each alert has a severity, a summary, a description and a runbook, and waits for the cluster to recover by itself.
func TestAlerts(t *testing.T) {
	_, file := alerts(t)
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			if !slices.Contains([]string{"warning", "critical"}, rule.Labels["severity"]) || rule.For == "" || rule.Expr == "" ||
				rule.Annotations["summary"] == "" || rule.Annotations["description"] == "" ||
				rule.Annotations["runbook_url"] != runbooks+rule.Alert+".md" {
				t.Errorf("incomplete: %+v", rule)
			}
		}
	}
}

// TestAlertsNameTheService checks that an alert about a metric that single Services have says which Service it is about.
func TestAlertsNameTheService(t *testing.T) {
	_, file := alerts(t)
	perService := regexp.MustCompile(`tanist_(leader_term|service_without_leader|foreign_endpointslices)\b`)
	found := 0
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			if !perService.MatchString(rule.Expr) {
				continue
			}
			found++
			if !strings.HasPrefix(rule.Expr, "max by (namespace, service) (") ||
				!strings.Contains(rule.Annotations["summary"], "{{ $labels.namespace }}/{{ $labels.service }}") {
				t.Errorf("%s does not name the Service", rule.Alert)
			}
		}
	}
	if found == 0 {
		t.Error("no alert is about a Service")
	}
}

// TestRunbooks checks that each alert has its page, and each page its alert. The name of a page about no alert does not begin with Tanist.
func TestRunbooks(t *testing.T) {
	_, file := alerts(t)
	var want, got []string
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			want = append(want, rule.Alert+".md")
		}
	}
	pages, err := os.ReadDir(runbookFolder)
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		if strings.HasPrefix(page.Name(), "Tanist") {
			got = append(got, page.Name())
		}
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pages about alerts (-want +got):\n%s", diff)
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
