// Package server tells pods whether they lead: GET /v1/me and POST /v1/me/stepdown, on every replica (docs/grants.md). Package grant decides;
// this package knows who asks, reads slices live, and asks the other replicas whether a step-down may count.
//
// It writes nothing to the API, and no hand-over waits for it.
package server
