// Package certs checks the certificate that admission is served with: the state of cert-manager's Certificate, and whether the API
// server can trust what this replica serves. The API server silently skips a webhook that it cannot trust (failurePolicy Ignore). So
// this package reports it, with metrics, Events and a readiness check.
//
// The program calls only Setup. controller-runtime's certwatcher watches the files, and cert-manager issues the certificates: this
// package changes neither. It blocks nothing: without cert-manager or its API, a replica starts, becomes ready and hands over.
package certs
