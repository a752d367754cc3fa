// Package bench measures what Tanist costs while nothing happens: many leader Services over simulated nodes, two replicas of the
// shipped program beside them.
//
// The tests run with the build tag bench, on the fresh cluster that KUBECONFIG names and with tanist in PATH (make bench-idle brings
// both). They assert what must not happen, a write, and only report how much and how long. Failovers are measured by kubectl tanist
// bench instead.
package bench
