// Package components builds the programs a cluster consists of from Go modules, at the versions this module's go.mod pins and its
// go.sum verifies, into a folder outside the tree. The same folder serves controller-runtime's envtest as KUBEBUILDER_ASSETS.
//
// Package cluster builds what a cluster needs, the command's "components" what its user names.
package components
