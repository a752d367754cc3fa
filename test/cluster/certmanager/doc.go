// Package certmanager installs cert-manager in a cluster: its CRDs, and its own controllers in a process on the host.
package certmanager
