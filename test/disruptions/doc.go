// Package disruptions counts what planned disruptions cost the clients of a leader Service: requests that fail, and moves of the leader.
//
// TestDisruptions tries each disruption by itself, TestRandomDisruptions one after another at random. They run with the build tag e2e,
// on the cluster that KUBECONFIG names, with Tanist installed there by its chart and with real nodes: make disruptions repeats and
// reports them, make e2e tries each case once.
//
// What measures is here without a build tag: clients that send requests from the host and from each node,
// what they saw, and the report.
package disruptions
