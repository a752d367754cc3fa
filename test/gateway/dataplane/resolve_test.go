package dataplane

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/test/gen"
)

// TestEndpointsOfTanistsSlices reads the slices that Tanist writes as a gateway does.
func TestEndpointsOfTanistsSlices(t *testing.T) {
	ready := leaderslice.State{Term: 5, Leader: leaderslice.Leader{Name: "a1", UID: "a1-uid", Ready: true}}
	leaving := ready
	leaving.Leader.Ready = false
	both := gen.DualStack(corev1.IPFamilyPolicyRequireDualStack)
	unnamed := func(s *corev1.Service) { s.Spec.Ports[0].Name = "" }
	admin := func(s *corev1.Service) {
		s.Spec.Ports = append(s.Spec.Ports, corev1.ServicePort{Name: "admin", Port: 9000, Protocol: corev1.ProtocolTCP})
	}
	one := func(e Endpoint) []Endpoint { return []Endpoint{e} }
	for name, test := range map[string]struct {
		change func(*corev1.Service)
		state  leaderslice.State
		nobody bool
		port   int32
		want   []Endpoint
	}{
		"a leader":                    {state: ready, port: 80, want: one(Endpoint{Address: "10.1.0.1:8080", Ready: true})},
		"a port without a name":       {change: unnamed, state: ready, port: 80, want: one(Endpoint{Address: "10.1.0.1:8080", Ready: true})},
		"the second port":             {change: admin, state: ready, port: 9000, want: one(Endpoint{Address: "10.1.0.1:9000", Ready: true})},
		"a leader that is the last":   {state: leaving, port: 80, want: one(Endpoint{Address: "10.1.0.1:8080", Draining: true})},
		"nobody leads":                {nobody: true, port: 80},
		"the slices of both families": {change: both, state: ready, port: 80, want: []Endpoint{{Address: "10.1.0.1:8080", Ready: true}, {Address: "[fd00::1]:8080", Ready: true}}},
	} {
		t.Run(name, func(t *testing.T) {
			source := gen.WebService()
			if test.change != nil {
				test.change(source)
			}
			leader := gen.LeaderOf(source)
			content := leaderslice.Content{Source: source, LeaderService: leader, State: test.state, Pod: gen.ReadyPod("a1")}
			if test.nobody {
				content.Pod = nil
			}
			var all []discoveryv1.EndpointSlice
			for _, family := range leaderslice.Families(leader) {
				all = append(all, *content.Render(family))
			}
			if diff := cmp.Diff(test.want, Endpoints(PortOf(leader, test.port), all)); diff != "" {
				t.Errorf("unexpected endpoints (-want +got):\n%s", diff)
			}
		})
	}
}
