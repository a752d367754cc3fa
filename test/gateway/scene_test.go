//go:build integration

package gateway_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/tanist-dev/tanist/config"
)

// timeout bounds whatever a test waits for. It is generous, since a loaded machine is no failure.
const timeout = 2 * time.Minute

// eventually waits until a condition holds. The condition returns what is missing.
func eventually(t *testing.T, condition func(ctx context.Context) (missing string)) {
	t.Helper()
	var missing string
	if err := wait.PollUntilContextTimeout(t.Context(), 10*time.Millisecond, timeout, true, func(ctx context.Context) (bool, error) {
		missing = condition(ctx)
		return missing == "", nil
	}); err != nil {
		t.Fatalf("not within %v: %s", timeout, missing)
	}
}

// scene is a namespace that has opted in, for one test.
type scene struct {
	t         *testing.T
	namespace string
}

func newScene(t *testing.T) *scene {
	t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-", Labels: map[string]string{config.EnabledKey: "true"}}}
	s := &scene{t: t}
	s.create(namespace)
	s.namespace = namespace.Name
	return s
}

func (s *scene) create(object client.Object) {
	s.t.Helper()
	if err := api.Create(s.t.Context(), object); err != nil {
		s.t.Fatalf("failed to create %T: %v", object, err)
	}
}

// patch changes an object with a merge patch.
func (s *scene) patch(object client.Object, body string) {
	s.t.Helper()
	if err := api.Patch(s.t.Context(), object, client.RawPatch(types.MergePatchType, []byte(body))); err != nil {
		s.t.Fatalf("failed to patch %T: %v", object, err)
	}
}

// service creates the Service web with a leader Service.
func (s *scene) service(change ...func(*corev1.Service)) *corev1.Service {
	s.t.Helper()
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "web", Annotations: map[string]string{config.EnabledKey: "true"}},
		Spec: corev1.ServiceSpec{
			Selector: map[string]string{"app": "web"},
			Ports:    []corev1.ServicePort{{Name: "http", Port: 80, TargetPort: intstr.FromString("web")}},
		},
	}
	for _, change := range change {
		change(service)
	}
	s.create(service)
	return service
}

// to is a backendRef.
func to(service string, port int32, change ...func(*gatewayv1.HTTPBackendRef)) gatewayv1.HTTPBackendRef {
	ref := gatewayv1.HTTPBackendRef{BackendRef: gatewayv1.BackendRef{BackendObjectReference: gatewayv1.BackendObjectReference{
		Name: gatewayv1.ObjectName(service), Port: &port,
	}}}
	for _, change := range change {
		change(&ref)
	}
	return ref
}

// weighing gives a backendRef a weight.
func weighing(weight int32) func(*gatewayv1.HTTPBackendRef) {
	return func(ref *gatewayv1.HTTPBackendRef) { ref.Weight = &weight }
}

// route creates an HTTPRoute of a host with one rule for each prefix, and returns the host, which is unique.
func (s *scene) route(name string, rules map[string][]gatewayv1.HTTPBackendRef) (*gatewayv1.HTTPRoute, string) {
	s.t.Helper()
	host := fmt.Sprintf("%s.%s.example.com", name, s.namespace)
	namespace := gatewayv1.Namespace(gatewayKey.Namespace)
	route := &gatewayv1.HTTPRoute{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name},
		Spec: gatewayv1.HTTPRouteSpec{
			CommonRouteSpec: gatewayv1.CommonRouteSpec{ParentRefs: []gatewayv1.ParentReference{
				{Namespace: &namespace, Name: gatewayv1.ObjectName(gatewayKey.Name)},
			}},
			Hostnames: []gatewayv1.Hostname{gatewayv1.Hostname(host)},
		},
	}
	for prefix, refs := range rules {
		kind := gatewayv1.PathMatchPathPrefix
		route.Spec.Rules = append(route.Spec.Rules, gatewayv1.HTTPRouteRule{
			Matches:     []gatewayv1.HTTPRouteMatch{{Path: &gatewayv1.HTTPPathMatch{Type: &kind, Value: &prefix}}},
			BackendRefs: refs,
		})
	}
	s.create(route)
	return route, host
}

// resolves waits until the condition ResolvedRefs of a route's current generation has a reason.
func (s *scene) resolves(route *gatewayv1.HTTPRoute, reason gatewayv1.RouteConditionReason) {
	s.t.Helper()
	eventually(s.t, func(ctx context.Context) string {
		if err := api.Get(ctx, client.ObjectKeyFromObject(route), route); err != nil {
			return err.Error()
		}
		for _, parent := range route.Status.Parents {
			c := meta.FindStatusCondition(parent.Conditions, string(gatewayv1.RouteConditionResolvedRefs))
			if c != nil && c.ObservedGeneration == route.Generation && c.Reason == string(reason) {
				return ""
			}
		}
		return fmt.Sprintf("ResolvedRefs with reason %s: %+v", reason, route.Status.Parents)
	})
}
