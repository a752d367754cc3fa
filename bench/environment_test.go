package bench

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

func TestPlace(t *testing.T) {
	notReady := realNode("node-2")
	notReady.Status.Conditions[0].Status = corev1.ConditionFalse
	labelled := realNode("kwok-2")
	labelled.Labels[kwokLabel] = kwokLabelValue
	tests := map[string]struct {
		nodes   []*corev1.Node
		kind    string
		want    placement
		wantErr string
	}{
		"all real: the scheduler chooses": {[]*corev1.Node{realNode("node-1"), notReady}, NodesAuto, placement{}, ""},
		"all simulated: it chooses, too":  {[]*corev1.Node{kwokNode("kwok-1"), labelled}, NodesAuto, placement{simulated: true}, ""},
		"both: real ones are preferred": {
			[]*corev1.Node{kwokNode("kwok-1"), realNode("node-1"), notReady}, NodesAuto, placement{hosts: []string{"node-1"}}, "",
		},
		"both, simulated asked for": {
			[]*corev1.Node{kwokNode("kwok-1"), labelled, realNode("node-1")}, NodesSimulated,
			placement{simulated: true, hosts: []string{"kwok-1", "kwok-2"}}, "",
		},
		"real asked for, none ready": {
			[]*corev1.Node{kwokNode("kwok-1"), notReady}, NodesReal, placement{},
			"--nodes real: the cluster has 0 real nodes that are ready and 1 simulated ones",
		},
		"no node at all": {nil, NodesAuto, placement{}, "--nodes auto: the cluster has 0 real nodes that are ready and 0 simulated ones"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := cluster{simulated: map[string]bool{}}
			for _, node := range test.nodes {
				c.add(node)
			}
			got, err := c.place(test.kind)
			if diff := cmp.Diff(test.wantErr, text(err)); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(placement{})); diff != "" {
				t.Errorf("placement (-want +got):\n%s", diff)
			}
		})
	}
}
