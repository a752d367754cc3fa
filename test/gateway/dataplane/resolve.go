package dataplane

import (
	"cmp"
	"net"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// Endpoint is where a request can go.
type Endpoint struct {
	// Address is the address of a pod with its port, such as "10.1.0.1:8080" or "[fd00::1]:8080".
	Address string
	// Ready is the condition of that name. Istio and NGINX Gateway Fabric use no endpoint without it.
	Ready bool
	// Draining says that the endpoint is terminating or does not serve. Envoy Gateway passes that on to Envoy.
	Draining bool
}

// PortOf returns the port of a Service that a backendRef's number means; nil if there is none.
func PortOf(service *corev1.Service, number int32) *corev1.ServicePort {
	for i := range service.Spec.Ports {
		if port := &service.Spec.Ports[i]; port.Port == number {
			return port
		}
	}
	return nil
}

// Endpoints returns the endpoints of a Service's port, which the slices of the Service have under the port's name. Doubles are dropped.
//
// Like Envoy Gateway's getIREndpointsFromEndpointSlice, it takes name and protocol of a slice's port for granted, and panics where one is missing.
func Endpoints(port *corev1.ServicePort, all []discoveryv1.EndpointSlice) []Endpoint {
	var found []Endpoint
	for _, slice := range all {
		if slice.AddressType == discoveryv1.AddressTypeFQDN {
			continue
		}
		for _, slicePort := range slice.Ports {
			if *slicePort.Name != port.Name || *slicePort.Protocol != cmp.Or(port.Protocol, corev1.ProtocolTCP) {
				continue
			}
			for _, endpoint := range slice.Endpoints {
				found = append(found, addresses(endpoint, int(*slicePort.Port))...)
			}
		}
	}
	slices.SortFunc(found, func(a, b Endpoint) int { return cmp.Compare(a.Address, b.Address) })
	return slices.Compact(found)
}

// addresses returns the addresses of an endpoint. Serving and terminating count if both are set, and otherwise ready does.
func addresses(endpoint discoveryv1.Endpoint, port int) (found []Endpoint) {
	c := endpoint.Conditions
	ready := c.Ready == nil || *c.Ready
	draining := !ready
	if c.Serving != nil && c.Terminating != nil {
		draining = *c.Terminating || !*c.Serving
	}
	for _, address := range endpoint.Addresses {
		found = append(found, Endpoint{Address: net.JoinHostPort(address, strconv.Itoa(port)), Ready: ready, Draining: draining})
	}
	return found
}
