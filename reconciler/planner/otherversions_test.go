package planner

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/dummy"
	"github.com/tanist-dev/tanist/test/gen"
)

// Annotations that another version of Tanist has written are about the term in which they were written.
func TestAnotherVersionsAnnotationsAreRemovedWithTheirTerm(t *testing.T) {
	const unknown, foreign = config.Domain + "/of-another-version", "example.com/note"
	add := onSlice(discoveryv1.AddressTypeIPv4, func(slice *discoveryv1.EndpointSlice) {
		slice.Annotations[unknown], slice.Annotations[foreign] = "x", "y"
	})
	repair := func(in *Input) {
		onSlice(discoveryv1.AddressTypeIPv4, func(slice *discoveryv1.EndpointSlice) { slice.Endpoints = nil })(in)
	}
	for name, test := range map[string]struct {
		change   func(*Input)
		wantKept bool
	}{
		"a repair in the same term": {change: repair, wantKept: true},
		"a new leader":              {change: func(in *Input) { in.Pods = in.Pods[1:] }},
		"no pod leads any longer":   {change: func(in *Input) { in.Pods = nil }},
		"a term that is replaced":   {change: termed(discoveryv1.AddressTypeIPv4, "many")},
	} {
		t.Run(name, func(t *testing.T) {
			in := inputOf(dummy.Leading("a1", 5), []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2")})
			add(&in)
			if p := Decide(in, gen.T0); len(p.Writes) > 0 {
				t.Fatalf("%d writes because of unknown annotations", len(p.Writes))
			}
			test.change(&in)
			got := carryOut(in, Decide(in, gen.T0)).Record.Slices["web-leader-ipv4"].Object.Annotations
			if _, kept := got[unknown]; kept != test.wantKept {
				t.Errorf("another version's annotation is kept: %t, want %t", kept, test.wantKept)
			}
			if got[foreign] != "y" {
				t.Error("an annotation that is not Tanist's is lost")
			}
		})
	}
}
