// Package dataplane is a gateway, as small as the tests need: it forwards the requests that HTTPRoutes describe to the endpoints of Services,
// and writes the routes' conditions.
//
// It finds endpoints as Envoy Gateway, Istio and NGINX Gateway Fabric do: the slices of a Service by their label, the port by its name, and
// each endpoint by its conditions. It knows nothing of Tanist. Hostnames are compared as they are, and paths by prefix; it has no filters.
package dataplane
