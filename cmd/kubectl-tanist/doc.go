// Kubectl-tanist is a plugin of kubectl for Tanist: `kubectl tanist get` shows who leads, `kubectl tanist handover` lets another pod
// lead, and `kubectl tanist bench` measures failovers on any cluster.
//
// The same program is in the image that bench runs in the cluster: its hidden commands are the server whose leader is taken
// away, and the client that sends it requests.
package main
