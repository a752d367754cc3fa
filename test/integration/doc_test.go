//go:build integration

// Package integration_test runs Tanist's own manager against a real kube-apiserver and kube-controller-manager, one or several replicas
// of it in this process. There is no kubelet and no scheduler: the tests write the pods' status.
//
// Binaries named etcd, kube-apiserver, kube-controller-manager and kubectl are needed in the folder KUBEBUILDER_ASSETS.
// No test sleeps: each waits on watches, with generous deadlines.
package integration_test
