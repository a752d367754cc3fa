package explain

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tanist-dev/tanist/reconciler/disruption"
)

func TestWhatANodeAnnounces(t *testing.T) {
	const stay, unless = "its node n must stay", ", unless no better pod can lead"
	for name, test := range map[string]struct {
		sign disruption.NodeSign
		want []string
	}{
		"a cordon":    {disruption.NodeSign{Cordoned: true}, []string{"its node n is cordoned", stay + " (kubectl uncordon n)" + unless}},
		"a shutdown":  {disruption.NodeSign{ShuttingDown: true}, []string{"its node n is shutting down", stay + unless}},
		"a deletion":  {disruption.NodeSign{Deleted: true}, []string{"its node n is being deleted", stay + unless}},
		"its machine": {disruption.NodeSign{VMEvent: "Freeze"}, []string{"its node n will be paused, moved or ended by its cloud (Freeze)", stay + unless}},
		"a taint": {
			disruption.NodeSign{Taint: "karpenter.sh/disrupted"},
			[]string{"its node n is about to be removed (taint karpenter.sh/disrupted)", stay + " (kubectl taint node n karpenter.sh/disrupted-)" + unless},
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := &elected{nodes: map[string]disruption.NodeSign{"n": test.sign}}
			if diff := cmp.Diff(test.want, []string{e.nodeGoing("n"), e.nodeRemedy("n")}); diff != "" {
				t.Errorf("unexpected words (-want +got):\n%s", diff)
			}
		})
	}
}
