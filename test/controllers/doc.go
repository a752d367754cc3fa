// Package controllers runs an API server of envtest and kube-controller-manager beside it, for the tests of integration and gateway.
//
// The programs are those in the folder KUBEBUILDER_ASSETS. The package asserts nothing.
package controllers
