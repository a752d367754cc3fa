package testbed

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPodsGoWhereTheyArePlaced(t *testing.T) {
	simulated := restrictedPod("image", []string{"bench-server"}, Placement{Simulated: true, hostnames: []string{"kwok-1"}})
	if len(simulated.Tolerations) != 1 || simulated.Tolerations[0].Key != kwokKey {
		t.Errorf("tolerations = %v, want the simulated nodes' taint", simulated.Tolerations)
	}
	terms := simulated.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
	if diff := cmp.Diff([]string{"kwok-1"}, terms[0].MatchExpressions[0].Values); diff != "" {
		t.Errorf("hostnames (-want +got):\n%s", diff)
	}
	anywhere := restrictedPod("image", []string{"bench-server"}, Placement{})
	if anywhere.Affinity != nil || anywhere.Tolerations != nil {
		t.Errorf("affinity %v, tolerations %v, want none", anywhere.Affinity, anywhere.Tolerations)
	}
}
