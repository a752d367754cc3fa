// Package install installs the shipped chart on a control plane whose Services nothing routes, for the tests of integration and bench.
//
// It renders the chart with Helm, and changes what has to differ there: the API server calls a port of this host instead of the Service,
// and the serving certificate is for that address, too. It starts no replica, and asserts nothing.
package install
