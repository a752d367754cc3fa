package testbed

import (
	"testing"

	"github.com/tanist-dev/tanist/test/gen"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
)

func TestPlace(t *testing.T) {
	notReady := gen.RealNode("node-2")
	notReady.Status.Conditions[0].Status = corev1.ConditionFalse
	labelled := gen.RealNode("kwok-2")
	labelled.Labels[kwokLabel] = kwokLabelValue
	tests := map[string]struct {
		nodes   []*corev1.Node
		kind    string
		want    Placement
		wantErr string
	}{
		"all real: the scheduler chooses": {[]*corev1.Node{gen.RealNode("node-1"), notReady}, NodesAuto, Placement{}, ""},
		"all simulated: it chooses, too":  {[]*corev1.Node{gen.KWOKNode("kwok-1"), labelled}, NodesAuto, Placement{Simulated: true}, ""},
		"both: real ones are preferred": {
			[]*corev1.Node{gen.KWOKNode("kwok-1"), gen.RealNode("node-1"), notReady}, NodesAuto, Placement{hostnames: []string{"node-1"}}, "",
		},
		"both, simulated asked for": {
			[]*corev1.Node{gen.KWOKNode("kwok-1"), labelled, gen.RealNode("node-1")}, NodesSimulated,
			Placement{Simulated: true, hostnames: []string{"kwok-1", "kwok-2"}}, "",
		},
		"real asked for, none ready": {
			[]*corev1.Node{gen.KWOKNode("kwok-1"), notReady}, NodesReal, Placement{},
			"--nodes real: the cluster has 0 real nodes that are ready and 1 simulated ones",
		},
		"no node at all": {nil, NodesAuto, Placement{}, "--nodes auto: the cluster has 0 real nodes that are ready and 0 simulated ones"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := Cluster{Simulated: sets.New[string]()}
			for _, node := range test.nodes {
				c.add(node)
			}
			got, err := c.Place(test.kind)
			message := ""
			if err != nil {
				message = err.Error()
			}
			if diff := cmp.Diff(test.wantErr, message); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(Placement{})); diff != "" {
				t.Errorf("placement (-want +got):\n%s", diff)
			}
		})
	}
}
