//go:build integration

package gateway_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/tanist-dev/tanist/config"
)

func only(refs ...gatewayv1.HTTPBackendRef) map[string][]gatewayv1.HTTPBackendRef {
	return map[string][]gatewayv1.HTTPBackendRef{"/": refs}
}

func TestAPlannedHandoverCostsNoRequest(t *testing.T) {
	for families, policy := range map[int]corev1.IPFamilyPolicy{1: corev1.IPFamilyPolicySingleStack, 2: corev1.IPFamilyPolicyRequireDualStack} {
		t.Run(fmt.Sprint("with address families: ", families), func(t *testing.T) {
			s := newScene(t)
			service := s.service(func(service *corev1.Service) { service.Spec.IPFamilyPolicy = &policy })
			leader := s.ready("a")
			route, host := s.route("leader", only(to("web-leader", 80)))
			f := s.requests(host, "/")
			f.reaches(from("a"))
			for _, name := range []string{"b", "c", "d"} {
				successor := s.ready(name)
				mark := f.mark()
				f.next()
				leader.terminate()
				// The old leader serves until the gateway has followed, as it does in its drain window.
				f.reaches(from(name))
				leader.finish()
				f.next()
				f.handsOver(mark, leader.name, name, families)
				leader = successor
			}
			// A move without a deletion: the old leader stays, and its connections with it.
			s.ready("e")
			mark := f.mark()
			f.next()
			s.patch(service, fmt.Sprintf(`{"metadata":{"annotations":{%q:"e"}}}`, config.PreferredLeaderKey))
			f.reaches(from("e"))
			f.handsOver(mark, "d", "e", families)
			s.resolves(route, gatewayv1.RouteReasonResolvedRefs)
		})
	}
}

func TestEachPortHasItsRoute(t *testing.T) {
	s := newScene(t)
	s.service(func(service *corev1.Service) {
		h2c := "kubernetes.io/h2c"
		service.Spec.Ports = append(service.Spec.Ports, corev1.ServicePort{Name: "admin", Port: 81, TargetPort: intstr.FromString("admin"), AppProtocol: &h2c})
	})
	a := s.ready("a")
	web, webHost := s.route("web", only(to("web-leader", 80)))
	admin, adminHost := s.route("admin", only(to("web-leader", 81)))
	f, g := s.requests(webHost, "/"), s.requests(adminHost, "/")
	isWeb := func(pod string) func(answer) bool {
		return func(a answer) bool { return from(pod)(a) && a.Port == "web" && a.Proto == "HTTP/1.1" }
	}
	isAdmin := func(pod string) func(answer) bool {
		return func(a answer) bool { return from(pod)(a) && a.Port == "admin" && a.Proto == "HTTP/2.0" } // by the port's appProtocol
	}
	f.reaches(isWeb("a"))
	g.reaches(isAdmin("a"))
	s.ready("b")
	atF, atG := f.mark(), g.mark()
	f.next()
	g.next()
	a.terminate()
	f.reaches(isWeb("b"))
	g.reaches(isAdmin("b"))
	a.finish()
	f.next()
	g.next()
	f.handsOver(atF, "a", "b", 1)
	g.handsOver(atG, "a", "b", 1)
	for _, route := range []*gatewayv1.HTTPRoute{web, admin} {
		s.resolves(route, gatewayv1.RouteReasonResolvedRefs)
	}
}

func TestAWeightSplitsBetweenTheServiceAndItsLeader(t *testing.T) {
	s := newScene(t)
	s.service()
	s.ready("a")
	route, host := s.route("split", map[string][]gatewayv1.HTTPBackendRef{
		"/": {to("web-leader", 80, weighing(1)), to("web", 80, weighing(3))}, "/write": {to("web-leader", 80)},
	})
	f, writes := s.requests(host, "/"), s.requests(host, "/write")
	// The two Services get their slices from different controllers.
	for _, backend := range []string{"web", "web-leader"} {
		f.has(func(got answer) bool { return from("a")(got) && got.Backend == backend })
	}
	s.ready("b")
	// All pods answer through web, and the leader alone through web-leader.
	got := map[string]bool{}
	mark := f.mark()
	for want := []string{"web a", "web b", "web-leader a"}; !slices.Equal(slices.Sorted(maps.Keys(got)), want); {
		for _, a := range f.next() {
			got[a.Backend+" "+a.Pod] = true
		}
		if t.Context().Err() != nil || got["web-leader b"] {
			t.Fatalf("got answers from %v", got)
		}
	}
	for _, a := range f.since(mark) {
		if a.Code != http.StatusOK || a.Backend == "web-leader" && a.Pod != "a" {
			t.Fatalf("got %+v", a)
		}
	}
	writes.reaches(func(got answer) bool { return from("a")(got) && got.Backend == "web-leader" })
	s.resolves(route, gatewayv1.RouteReasonResolvedRefs)
	// A weight of 0 sends everything to the leader.
	for _, rule := range route.Spec.Rules {
		if len(rule.BackendRefs) == 2 {
			rule.BackendRefs[1].Weight = new(int32(0))
		}
	}
	if err := api.Update(t.Context(), route); err != nil {
		t.Fatal(err)
	}
	s.resolves(route, gatewayv1.RouteReasonResolvedRefs)
	f.reaches(func(got answer) bool { return from("a")(got) && got.Backend == "web-leader" })
}

func TestARouteOfAnotherNamespaceNeedsAGrant(t *testing.T) {
	s, other := newScene(t), newScene(t)
	s.service()
	s.ready("a")
	namespace := gatewayv1.Namespace(s.namespace)
	route, host := other.route("leader", only(to("web-leader", 80, func(ref *gatewayv1.HTTPBackendRef) { ref.Namespace = &namespace })))
	other.resolves(route, gatewayv1.RouteReasonRefNotPermitted)
	f := other.requests(host, "/")
	f.reaches(code(http.StatusInternalServerError))
	grant := func(name gatewayv1.ObjectName) *gatewayv1.ReferenceGrant {
		return &gatewayv1.ReferenceGrant{
			ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: string(name)},
			Spec: gatewayv1.ReferenceGrantSpec{
				From: []gatewayv1.ReferenceGrantFrom{{Group: gatewayv1.GroupName, Kind: "HTTPRoute", Namespace: gatewayv1.Namespace(other.namespace)}},
				To:   []gatewayv1.ReferenceGrantTo{{Kind: "Service", Name: &name}},
			},
		}
	}
	s.create(grant("web")) // this is not about its leader Service
	f.next()
	if got := f.since(0); slices.ContainsFunc(got, from("a")) {
		t.Fatal("a grant for web is one for web-leader")
	}
	s.create(grant("web-leader"))
	other.resolves(route, gatewayv1.RouteReasonResolvedRefs)
	f.reaches(from("a"))
}

func TestALeaderServiceGoesAndComesBack(t *testing.T) {
	s := newScene(t)
	service := s.service()
	s.ready("a")
	s.ready("b")
	route, host := s.route("leader", only(to("web-leader", 80)))
	f := s.requests(host, "/")
	f.reaches(from("a"))
	s.resolves(route, gatewayv1.RouteReasonResolvedRefs)

	s.patch(service, fmt.Sprintf(`{"metadata":{"annotations":{%q:null}}}`, config.EnabledKey))
	s.resolves(route, gatewayv1.RouteReasonBackendNotFound)
	f.reaches(code(http.StatusInternalServerError))

	s.patch(service, fmt.Sprintf(`{"metadata":{"annotations":{%q:"true"}}}`, config.EnabledKey))
	s.resolves(route, gatewayv1.RouteReasonResolvedRefs)
	f.reaches(from("a"))
}

func TestWithoutALeaderTheRouteStaysResolved(t *testing.T) {
	s := newScene(t)
	s.service()
	route, host := s.route("leader", only(to("web-leader", 80)))
	s.resolves(route, gatewayv1.RouteReasonResolvedRefs)
	f := s.requests(host, "/")
	f.reaches(code(http.StatusServiceUnavailable))
	a := s.ready("a")
	f.reaches(from("a"))
	// The last resort is not ready: it serves, and this gateway leaves it out, as Istio and NGINX Gateway Fabric do.
	a.terminate()
	f.reaches(code(http.StatusServiceUnavailable))
	s.resolves(route, gatewayv1.RouteReasonResolvedRefs)
}
