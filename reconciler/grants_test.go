package reconciler

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/grant/server"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/test/gen"
)

func inHostNetwork(pod *corev1.Pod) { pod.Spec.HostNetwork = true }

// candidateOf returns what the server is told of a pod that web selects.
func candidateOf(name string, leads bool) server.Caller {
	return server.Caller{
		Pod: server.Pod{Namespace: "shop", Name: name, UID: name + "-uid"},
		Services: []server.Service{{
			Name: "web", LeaderService: "web-leader", Slice: types.NamespacedName{Namespace: "shop", Name: "web-leader-ipv4"}, Leader: "a1", Term: 5, Leads: leads,
		}},
	}
}

func TestWhoAsks(t *testing.T) {
	leader := gen.LeaderOf(gen.WebService())
	slice := gen.SliceOf(leader, discoveryv1.AddressTypeIPv4, func(slice *discoveryv1.EndpointSlice) {
		slice.Annotations[config.BasisKey] = "5/a1-uid/30/40"
	})
	known := &grantCluster{stores: store.NewFake(
		gen.Namespace("shop"), gen.WebService(), leader, slice,
		gen.ReadyPod("a1"), gen.ReadyPod("b2"), gen.ReadyPod("host3", inHostNetwork),
		gen.ReadyPod("twin4"), gen.ReadyPod("other4"),
		gen.ReadyPod("alone5", func(pod *corev1.Pod) { pod.Labels = nil }),
	)}
	at := func(address string) func() (server.Caller, bool) {
		return func() (server.Caller, bool) { return known.CallerAt(netip.MustParseAddr(address)) }
	}
	named := func(name, uid string) func() (server.Caller, bool) {
		return func() (server.Caller, bool) {
			return known.CallerNamed(server.Pod{Namespace: "shop", Name: name, UID: uid})
		}
	}
	cases := map[string]struct {
		ask  func() (server.Caller, bool)
		want server.Caller
	}{
		"the leader":                           {ask: at("10.1.0.1"), want: candidateOf("a1", true)},
		"its other address":                    {ask: at("fd00::1"), want: candidateOf("a1", true)},
		"another candidate":                    {ask: at("10.1.0.2"), want: candidateOf("b2", false)},
		"an address in the host network":       {ask: at("10.1.0.3")},
		"an address of two pods":               {ask: at("10.1.0.4")},
		"an address of no pod":                 {ask: at("10.1.0.9")},
		"a pod that no Service selects":        {ask: at("10.1.0.5"), want: server.Caller{Pod: server.Pod{Namespace: "shop", Name: "alone5", UID: "alone5-uid"}}},
		"a token in the host network":          {ask: named("host3", "host3-uid"), want: candidateOf("host3", false)},
		"a token of a pod that has a new UID":  {ask: named("a1", "before")},
		"a token of a pod that there is none":  {ask: named("c9", "c9-uid")},
		"a token of one of two at one address": {ask: named("twin4", "twin4-uid"), want: candidateOf("twin4", false)},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			got, ok := test.ask()
			if diff := cmp.Diff(test.want, got); diff != "" || ok != (test.want.Name != "") {
				t.Errorf("unexpected caller, known %v (-want +got):\n%s", ok, diff)
			}
		})
	}
}
