// Package env reaches the cluster that KUBECONFIG names, and the Tanist that is installed there, for the tests of e2e and disruptions.
//
// It waits, makes namespaces that end with the test, and describes the server that their pods run. It asserts nothing about what Tanist does: that is each test's own.
package env
