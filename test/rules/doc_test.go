// Package rules_test has Prometheus' own parser check the alerts and the dashboard's queries. It is a module of its own, so that the
// product's go.mod never sees Prometheus.
package rules_test
