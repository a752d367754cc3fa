// Package certs watches over the certificate that admission is served with: the state of cert-manager's Certificate, and whether the
// API server can trust what this replica serves. A webhook that it cannot trust is skipped without a word (failurePolicy Ignore), so
// this package says it, by metrics, Events and a readiness check.
//
// Setup is all that the program calls. Files are watched by controller-runtime's certwatcher, and certificates are made by
// cert-manager: this package changes neither. It waits for nobody: without cert-manager, or with its API gone, a replica starts, is
// ready and hands over.
package certs
