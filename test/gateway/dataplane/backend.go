package dataplane

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// backend is what a backendRef refers to.
type backend struct {
	endpoints []Endpoint
	// http2 says that the port's appProtocol is kubernetes.io/h2c: HTTP/2 without TLS.
	http2 bool
}

// resolve looks a backendRef up. The reason says why it is invalid, as the condition ResolvedRefs does; it is ResolvedRefs if it is valid, also
// while the Service has no endpoints.
func (g *Gateway) resolve(ctx context.Context, route *gatewayv1.HTTPRoute, ref *gatewayv1.HTTPBackendRef) (backend, gatewayv1.RouteConditionReason, error) {
	key := client.ObjectKey{Namespace: route.Namespace, Name: string(ref.Name)}
	if *ref.Kind != "Service" || *ref.Group != "" { // the API server sets both
		return backend{}, gatewayv1.RouteReasonInvalidKind, nil
	}
	if ref.Namespace != nil && string(*ref.Namespace) != route.Namespace {
		key.Namespace = string(*ref.Namespace)
		var grants gatewayv1.ReferenceGrantList
		if err := g.reader.List(ctx, &grants, client.InNamespace(key.Namespace)); err != nil {
			return backend{}, "", err
		}
		if !permitted(grants.Items, route.Namespace, key.Name) {
			return backend{}, gatewayv1.RouteReasonRefNotPermitted, nil
		}
	}
	var service corev1.Service
	if err := g.reader.Get(ctx, key, &service); apierrors.IsNotFound(err) {
		return backend{}, gatewayv1.RouteReasonBackendNotFound, nil
	} else if err != nil {
		return backend{}, "", err
	}
	port := PortOf(&service, *ref.Port)
	if port == nil {
		return backend{}, gatewayv1.RouteReasonBackendNotFound, nil
	}
	if port.Protocol != corev1.ProtocolTCP {
		return backend{}, gatewayv1.RouteReasonUnsupportedProtocol, nil
	}
	var slices discoveryv1.EndpointSliceList
	if err := g.reader.List(ctx, &slices, client.InNamespace(key.Namespace),
		client.MatchingLabels{discoveryv1.LabelServiceName: key.Name}); err != nil {
		return backend{}, "", err
	}
	return backend{
		endpoints: Endpoints(port, slices.Items),
		http2:     port.AppProtocol != nil && *port.AppProtocol == "kubernetes.io/h2c",
	}, gatewayv1.RouteReasonResolvedRefs, nil
}
