// Package rules_test asks Prometheus itself whether the alerts and the dashboard's queries are right. It is a module of its own, so
// that the product's go.mod never sees Prometheus.
package rules_test
