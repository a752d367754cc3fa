//go:build integration

// Package integration_test runs Tanist's own manager against a real kube-apiserver, one or several replicas of it in this process.
// There is no kubelet and no controller: the tests say what pods are like, and nothing is garbage-collected.
//
// Binaries named etcd, kube-apiserver and kubectl are needed in the folder KUBEBUILDER_ASSETS. Nothing here sleeps: everything is
// waited for on watches, with generous deadlines.
package integration_test
