package failover

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/gen"
)

// Annotations of a version that this one does not know are about the term that they were written with.
func TestAnotherVersionsAnnotationsAreBoundToTheirTerm(t *testing.T) {
	const unknown, foreign = config.Domain + "/of-another-version", "example.com/note"
	add := onSlice(discoveryv1.AddressTypeIPv4, func(slice *discoveryv1.EndpointSlice) {
		slice.Annotations[unknown], slice.Annotations[foreign] = "x", "y"
	})
	repair := func(s *input) {
		onSlice(discoveryv1.AddressTypeIPv4, func(slice *discoveryv1.EndpointSlice) { slice.Endpoints = nil })(s)
	}
	for name, test := range map[string]struct {
		change   func(*input)
		wantKept bool
	}{
		"a repair in the same term": {change: repair, wantKept: true},
		"a new leader":              {change: func(s *input) { s.pods = s.pods[1:] }},
		"nobody leads any longer":   {change: func(s *input) { s.pods = nil }},
		"a term that is replaced":   {change: termed(discoveryv1.AddressTypeIPv4, "many")},
	} {
		t.Run(name, func(t *testing.T) {
			s := inputOf(leading("a1", 5), []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2")})
			add(&s)
			if p := decide(s, gen.T0); len(p.writes) > 0 {
				t.Fatalf("%d writes because of annotations that are not known", len(p.writes))
			}
			test.change(&s)
			got := carryOut(s, decide(s, gen.T0)).record.Slices["web-leader-ipv4"].Object.Annotations
			if _, kept := got[unknown]; kept != test.wantKept {
				t.Errorf("another version's is kept: %t, want %t", kept, test.wantKept)
			}
			if got[foreign] != "y" {
				t.Error("somebody else's is lost")
			}
		})
	}
}
