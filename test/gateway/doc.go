// Package gateway has the tests that a leader Service works as the backend of an HTTPRoute of the Gateway API, against a real API server with
// the Gateway API's own CRDs. They have the build tag integration; "make integration" runs them.
//
// It is a module of its own, so that the product's go.mod does not ask for the Gateway API.
package gateway
