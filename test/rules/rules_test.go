package rules_test

import (
	"encoding/json"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

// TestAlerts checks the rules as promtool does: fields, durations, expressions, labels, and the templates in annotations.
func TestAlerts(t *testing.T) {
	content, err := os.ReadFile("../../deploy/chart/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	groups, errs := rulefmt.Parse(content, false, model.LegacyValidation, parser.NewParser(parser.Options{}), slog.Default())
	for _, err := range errs {
		t.Error(err)
	}
	if groups == nil || len(groups.Groups) != 1 || len(groups.Groups[0].Rules) == 0 {
		t.Errorf("unexpected groups: %v", groups)
	}
}

// TestDashboard checks that Prometheus understands every query of the dashboard.
func TestDashboard(t *testing.T) {
	content, err := os.ReadFile("../../deploy/chart/dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title   string `json:"title"`
			Targets []struct {
				Expr string `json:"expr"`
			} `json:"targets"`
		} `json:"panels"`
	}
	if err := json.Unmarshal(content, &dashboard); err != nil {
		t.Fatal(err)
	}
	queries, promQL := 0, parser.NewParser(parser.Options{})
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			queries++
			// Grafana replaces its variables before it asks Prometheus.
			query := strings.NewReplacer("$__rate_interval", "5m", "$__range", "1h", "$namespace", ".*", "$service", ".*").Replace(target.Expr)
			if _, err := promQL.ParseExpr(query); err != nil {
				t.Errorf("%s: %v", panel.Title, err)
			}
		}
	}
	if queries == 0 {
		t.Error("there are no queries")
	}
}
