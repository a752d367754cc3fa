package dataplane

import (
	"slices"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// match is the rule of a route that a request falls under.
type match struct {
	route *gatewayv1.HTTPRoute
	rule  *gatewayv1.HTTPRouteRule
}

// parentOf returns the reference of a route to a Gateway; nil if it has none.
func parentOf(route *gatewayv1.HTTPRoute, gateway client.ObjectKey) *gatewayv1.ParentReference {
	for i := range route.Spec.ParentRefs {
		parent := &route.Spec.ParentRefs[i]
		namespace := route.Namespace
		if parent.Namespace != nil {
			namespace = string(*parent.Namespace)
		}
		if *parent.Kind == "Gateway" && namespace == gateway.Namespace && string(parent.Name) == gateway.Name {
			return parent
		}
	}
	return nil
}

// find returns the rule with the longest prefix of a path, among a Gateway's routes of a host; nil if there is none.
func find(gateway client.ObjectKey, routes []gatewayv1.HTTPRoute, host, path string) *match {
	var best *match
	longest := -1
	for i := range routes {
		route := &routes[i]
		if parentOf(route, gateway) == nil || !slices.Contains(route.Spec.Hostnames, gatewayv1.Hostname(host)) {
			continue
		}
		for j := range route.Spec.Rules {
			rule := &route.Spec.Rules[j]
			for _, m := range rule.Matches { // the API server defaults it to one with the prefix "/"
				if prefix := *m.Path.Value; strings.HasPrefix(path, prefix) && len(prefix) > longest {
					best, longest = &match{route, rule}, len(prefix)
				}
			}
		}
	}
	return best
}

// pick returns the backend that a number below total stands for, where each has as many numbers as its weight.
func pick(refs []gatewayv1.HTTPBackendRef, number int32) *gatewayv1.HTTPBackendRef {
	for i := range refs {
		if number -= *refs[i].Weight; number < 0 {
			return &refs[i]
		}
	}
	return nil
}

// total returns the sum of all weights. The API server defaults a weight to 1.
func total(refs []gatewayv1.HTTPBackendRef) (sum int32) {
	for i := range refs {
		sum += *refs[i].Weight
	}
	return sum
}

// permitted reports whether a ReferenceGrant of the Service's namespace lets the HTTPRoutes of another namespace refer to the Service.
func permitted(grants []gatewayv1.ReferenceGrant, from, service string) bool {
	return slices.ContainsFunc(grants, func(grant gatewayv1.ReferenceGrant) bool {
		return slices.ContainsFunc(grant.Spec.From, func(f gatewayv1.ReferenceGrantFrom) bool {
			return f.Group == gatewayv1.GroupName && f.Kind == "HTTPRoute" && string(f.Namespace) == from
		}) && slices.ContainsFunc(grant.Spec.To, func(to gatewayv1.ReferenceGrantTo) bool {
			return to.Group == "" && to.Kind == "Service" && (to.Name == nil || string(*to.Name) == service)
		})
	})
}
