package certs

import (
	"testing"
	"time"

	certmanagerv1 "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestMetrics(t *testing.T) {
	registry := prometheus.NewRegistry()
	m, err := newMetrics(registry)
	if err != nil {
		t.Fatal(err)
	}
	compare := func(when string, want map[string]float64) {
		t.Helper()
		if diff := cmp.Diff(want, series(t, registry)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", when, diff)
		}
	}
	compare("at first", map[string]float64{
		"tanist_certificate_ready":                      0,
		"tanist_webhook_trusted/departures.tanist.dev":  0,
		"tanist_webhook_trusted/drainwindow.tanist.dev": 0,
		"tanist_webhook_trusted/namespaces.tanist.dev":  0,
		"tanist_webhook_trusted/services.tanist.dev":    0,
		"tanist_webhook_trusted/tuning.tanist.dev":      0,
	})

	i := &issuance{metrics: m, certificate: &latest[certmanagerv1.Certificate]{}}
	i.certificate.object.Store(issued())
	i.check(today)
	ca := newAuthority(t, 1, unchanged)
	tr := trustOf(m, ca.leaf(unchanged))
	tr.validating.object.Store(validatingWith(bundle(ca)))
	tr.mutating.object.Store(mutatingWith(nil))
	tr.check(today)
	compare("issued, and the validating webhooks trusted", map[string]float64{
		"tanist_certificate_expiry_timestamp_seconds":   float64(today.Add(30 * 24 * time.Hour).Unix()),
		"tanist_certificate_ready":                      1,
		"tanist_certificate_renewal_timestamp_seconds":  float64(today.Add(24 * time.Hour).Unix()),
		"tanist_webhook_trusted/departures.tanist.dev":  1,
		"tanist_webhook_trusted/drainwindow.tanist.dev": 0,
		"tanist_webhook_trusted/namespaces.tanist.dev":  1,
		"tanist_webhook_trusted/services.tanist.dev":    1,
		"tanist_webhook_trusted/tuning.tanist.dev":      1,
	})

	i.certificate.object.Store(nil)
	i.check(today)
	tr.check(today.Add(365 * 24 * time.Hour))
	compare("the Certificate gone, and all expired", map[string]float64{
		"tanist_certificate_ready":                      0,
		"tanist_webhook_trusted/departures.tanist.dev":  0,
		"tanist_webhook_trusted/drainwindow.tanist.dev": 0,
		"tanist_webhook_trusted/namespaces.tanist.dev":  0,
		"tanist_webhook_trusted/services.tanist.dev":    0,
		"tanist_webhook_trusted/tuning.tanist.dev":      0,
	})
	problems, err := testutil.GatherAndLint(registry)
	if err != nil || len(problems) > 0 {
		t.Errorf("lint: %v %v", problems, err)
	}
}

func TestMetricsAreRegisteredOnce(t *testing.T) {
	registry := prometheus.NewRegistry()
	if _, err := newMetrics(registry); err != nil {
		t.Fatal(err)
	}
	if _, err := newMetrics(registry); err == nil {
		t.Error("got no error the second time")
	}
}

// series are the values by the metric's name and its label's value, if it has one.
func series(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]float64{}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			name := family.GetName()
			for _, label := range metric.GetLabel() {
				name += "/" + label.GetValue()
			}
			all[name] = metric.GetGauge().GetValue()
		}
	}
	return all
}
