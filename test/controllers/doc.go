// Package controllers runs kube-controller-manager beside an API server of envtest, for the tests of integration and gateway.
//
// The program is the one in the folder KUBEBUILDER_ASSETS. The package asserts nothing.
package controllers
