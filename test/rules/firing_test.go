package rules_test

import (
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
)

// expressionOf returns the expression of an alert.
func expressionOf(t *testing.T, alert string) string {
	t.Helper()
	content, err := os.ReadFile("../../deploy/chart/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	groups, errs := rulefmt.Parse(content, false, model.LegacyValidation, parser.NewParser(parser.Options{}), slog.Default())
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	for _, rule := range groups.Groups[0].Rules {
		if rule.Alert == alert {
			return rule.Expr
		}
	}
	t.Fatalf("there is no alert %s", alert)
	return ""
}

// TestWhatFires has Prometheus evaluate alerts about single Services, ten minutes after the first sample. Each sample is of one minute.
func TestWhatFires(t *testing.T) {
	cases := map[string]struct {
		alert  string
		series []string
		want   []string // what fires, with its value
	}{
		"a leader that two replicas see change six times": {
			alert: "TanistLeaderFlapping",
			series: []string{
				`tanist_leader_term{namespace="shop",service="web",pod="tanist-1"} 1 1 2 3 4 5 6 7 7 7 7`,
				`tanist_leader_term{namespace="shop",service="web",pod="tanist-2"} _ _ _ 3 4 5 6 7 7 7 7`,
				`tanist_leader_term{namespace="shop",service="api",pod="tanist-1"} 1 1 1 1 1 1 1 1 1 1 1`,
			},
			want: []string{`{namespace="shop",service="web"} 6`},
		},
		"a drain of five nodes, one after another": {
			alert:  "TanistLeaderFlapping",
			series: []string{`tanist_leader_term{namespace="shop",service="web",pod="tanist-1"} 1 1 2 2 3 3 4 4 5 5 6`},
		},
		"replicas that start": {
			alert:  "TanistLeaderFlapping",
			series: []string{`tanist_leader_term{namespace="shop",service="web",pod="tanist-1"} 9 9 9 _ 0 9 9 _ 0 9 9`},
		},
		"a Service that no pod leads, as two replicas say": {
			alert: "TanistServiceWithoutLeader",
			series: []string{
				`tanist_service_without_leader{namespace="shop",service="web",pod="tanist-1"} 1x10`,
				`tanist_service_without_leader{namespace="shop",service="web",pod="tanist-2"} 1x10`,
			},
			want: []string{`{namespace="shop",service="web"} 1`},
		},
		"slices of others, which the Lease holder counts": {
			alert:  "TanistForeignEndpointSlices",
			series: []string{`tanist_foreign_endpointslices{namespace="shop",service="web",pod="tanist-1"} 2x10`},
			want:   []string{`{namespace="shop",service="web"} 2`},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			script := "load 1m\n  " + strings.Join(test.series, "\n  ") +
				"\n\neval instant at 10m " + expressionOf(t, test.alert) + "\n  " + strings.Join(test.want, "\n  ") + "\n"
			promqltest.RunTest(t, script, promqltest.NewTestEngine(t, false, 0, promqltest.DefaultMaxSamplesPerQuery))
		})
	}
}
