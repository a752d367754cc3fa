// Package loss counts and times what losses that nobody announces do to leader Services: a process that crashes or hangs, a node without
// power, a network that is cut. It also tries what looks like a loss and is none, and must move nobody.
//
// TestLosses tries each of them by itself. It runs with the build tag e2e, on the cluster that KUBECONFIG names, with Tanist installed
// there by its chart and with real nodes on this machine. make loss repeats the trials and reports them; without any variables the test
// tries the three plainest losses a few times.
//
// What judges and reports the trials is here without a build tag.
package loss
