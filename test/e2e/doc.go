// Package e2e tries Tanist as its users do: installed by its chart, two replicas, on real nodes, with the programs we ship. What planned
// disruptions cost is counted by package disruptions.
//
// The tests run with the build tag e2e, on the cluster that KUBECONFIG names (scripts/with-tanist.sh brings one). They assert what
// happens and never how fast: that is what kubectl tanist bench is for. Some kill processes of pods or stop cert-manager's, or cut the
// network of a node, so they must run on the machine that holds the nodes, as root.
//
// While a fault is tried, leaders are deleted: before it, while it lasts, and after it. A recorder sees every version of their slices.
// Each test restores what it broke, so that the tests can run in any order.
package e2e
