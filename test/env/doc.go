// Package env reaches the cluster that KUBECONFIG names, and the Tanist that is installed there, for the tests of e2e, disruptions and loss.
//
// It waits, makes namespaces that end with the test, describes the server that their pods run, and finds the processes and the networks of
// the nodes on this machine. It asserts nothing about what Tanist does: that is each test's own.
package env
