// Package bench measures what kubectl tanist bench does not.
//
// TestIdle: what Tanist costs while nothing happens, many leader Services over simulated nodes and two replicas of the shipped program
// beside them, on a fresh cluster and with tanist in PATH (make bench-idle brings both). TestAttacks: what attacks cost such replicas, with
// admission, and what the attacker's neighbours notice (make bench-attacks). TestAdmission…: what admission adds to a deletion, and what
// it does for hand-overs, on real nodes with Tanist installed by its chart (make bench-admission).
//
// The tests run with the build tag bench, on the cluster that KUBECONFIG names. They assert what must not happen, and only report how
// much and how long.
package bench
