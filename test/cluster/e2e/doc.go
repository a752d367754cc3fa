// Package e2e tries tanist-cluster as its user does: the built command, on this machine, with real workloads.
//
// The tests run with the build tag e2e. Those with real nodes need root and Debian's packages, and say so when they are missing;
// none is skipped.
package e2e
