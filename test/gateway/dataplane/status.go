package dataplane

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// ControllerName is the name of this gateway's controller.
const ControllerName = gatewayv1.GatewayController("gateway.test/dataplane")

// WriteStatus has a manager keep the conditions Accepted and ResolvedRefs of the Gateway's routes up to date.
func (g *Gateway) WriteStatus(mgr ctrl.Manager) error {
	all := handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, _ client.Object) (requests []reconcile.Request) {
		var routes gatewayv1.HTTPRouteList
		if err := g.reader.List(ctx, &routes); err != nil {
			ctrl.LoggerFrom(ctx).Error(err, "failed to list routes")
		}
		for i := range routes.Items {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&routes.Items[i])})
		}
		return requests
	})
	return ctrl.NewControllerManagedBy(mgr).Named("routes").For(&gatewayv1.HTTPRoute{}).
		Watches(&corev1.Service{}, all).Watches(&gatewayv1.ReferenceGrant{}, all).
		Complete(reconcile.Func(func(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
			return reconcile.Result{}, g.writeStatus(ctx, mgr.GetClient(), request.NamespacedName)
		}))
}

func (g *Gateway) writeStatus(ctx context.Context, api client.Client, key client.ObjectKey) error {
	var route gatewayv1.HTTPRoute
	if err := g.reader.Get(ctx, key, &route); err != nil {
		return client.IgnoreNotFound(err)
	}
	parent := parentOf(&route, g.key)
	if parent == nil {
		return nil
	}
	resolved := metav1.Condition{
		Type: string(gatewayv1.RouteConditionResolvedRefs), Status: metav1.ConditionTrue, Reason: string(gatewayv1.RouteReasonResolvedRefs),
		ObservedGeneration: route.Generation,
	}
	for i := range route.Spec.Rules {
		for j := range route.Spec.Rules[i].BackendRefs {
			_, reason, err := g.resolve(ctx, &route, &route.Spec.Rules[i].BackendRefs[j])
			if err != nil {
				return fmt.Errorf("failed to resolve a backend: %w", err)
			}
			if reason != gatewayv1.RouteReasonResolvedRefs {
				resolved.Status, resolved.Reason = metav1.ConditionFalse, string(reason)
			}
		}
	}
	before := route.DeepCopy()
	if len(route.Status.Parents) == 0 {
		route.Status.Parents = []gatewayv1.RouteParentStatus{{ParentRef: *parent, ControllerName: ControllerName}}
	}
	conditions := &route.Status.Parents[0].Conditions
	meta.SetStatusCondition(conditions, resolved)
	meta.SetStatusCondition(conditions, metav1.Condition{
		Type: string(gatewayv1.RouteConditionAccepted), Status: metav1.ConditionTrue, Reason: string(gatewayv1.RouteReasonAccepted),
		ObservedGeneration: route.Generation,
	})
	if apiequality.Semantic.DeepEqual(before.Status, route.Status) {
		return nil
	}
	return api.Status().Update(ctx, &route)
}
