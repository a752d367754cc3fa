package planner

import (
	"testing"

	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/dummy"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestOnlyAPlanThatChangesNoTrafficIsARepairOfMetadata(t *testing.T) {
	relabel := func(slice *discoveryv1.EndpointSlice) { slice.Labels[config.ManagedByKey] = "platform" }
	empty := func(slice *discoveryv1.EndpointSlice) { slice.Endpoints = nil }
	leave := func(*discoveryv1.EndpointSlice) {}
	for name, test := range map[string]struct {
		primary, other func(*discoveryv1.EndpointSlice)
		want           string
	}{
		"a label of one family":                     {primary: relabel, other: leave, want: "label " + config.ManagedByKey},
		"a label of both":                           {primary: relabel, other: relabel, want: "label " + config.ManagedByKey},
		"a label, and the other family's endpoint":  {primary: relabel, other: empty},
		"an endpoint, and the other family's label": {primary: empty, other: relabel},
	} {
		in := dual(dummy.Leading("a1", 5), gen.ReadyPod("a1"))
		onSlice(discoveryv1.AddressTypeIPv4, test.primary)(&in)
		onSlice(discoveryv1.AddressTypeIPv6, test.other)(&in)
		p := Decide(in, gen.T0)
		if got := p.RepairedMetadata(); got != test.want || len(p.Writes) == 0 {
			t.Errorf("%s: got %q for %d writes, want %q", name, got, len(p.Writes), test.want)
		}
	}
}
