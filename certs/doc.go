// Package certs checks the certificate that admission is served with: the state of cert-manager's Certificate, and whether the API
// server can trust what this replica serves. The API server silently skips a webhook that it cannot trust (failurePolicy Ignore). So
// this package reports it, with metrics, Events and a readiness check.
//
// Without cert-manager, a SelfManaged makes the certificates in a Secret and publishes their CA in the webhook configurations. It is the only
// part that changes anything, and it changes nothing else.
//
// The program calls only Setup, NewSelfManaged and NewCallReader. With cert-manager, controller-runtime's certwatcher watches the files. The
// package blocks nothing: without cert-manager or its API, a replica starts, becomes ready and hands over.
package certs
