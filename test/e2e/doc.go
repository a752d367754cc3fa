// Package e2e tries Tanist as its users do: installed by its chart, two replicas, on real nodes, with the programs we ship.
//
// The tests run with the build tag e2e, on the cluster that KUBECONFIG names (scripts/with-tanist.sh brings one). They assert what
// happens and never how fast: that is what kubectl tanist bench is for. Some kill processes of pods or stop cert-manager's, or cut the
// network of a node, so they must run on the machine that holds the nodes, as root.
//
// A fault is tried in a storm: leaders are deleted before it, while it lasts, and after it. A witness sees every version of their
// slices. Each test restores what it broke, so that they can run in any order.
package e2e
