package explain

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
)

func onNode(name string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Spec.NodeName = name }
}

func TestWhoTakesOver(t *testing.T) {
	younger := asking(config.MinReadyKey, "10m")
	cordoned := node("node-of-a", func(n *corev1.Node) { n.Spec.Unschedulable = true })
	for name, test := range map[string]struct {
		changes []func(*Input)
		// preferred is what the rules say of pod c if it is preferred, and off of the pods that are not on the leader's node.
		preferred, off Verdict
	}{
		"any pod can": {preferred: Verdict{Known: true, Pod: "c"}, off: Verdict{Known: true, Pod: "b"}},
		"the pod with the higher priority comes first": {
			changes: []func(*Input){with(annotated(config.PriorityKey, "5"))}, preferred: Verdict{Known: true, Pod: "c"}, off: Verdict{Known: true, Pod: "c"},
		},
		"the successor is on the leader's node": {
			changes:   []func(*Input){func(in *Input) { in.Pods[1] = pod("b", onNode("node-of-a"), annotated(config.PriorityKey, "5")) }},
			preferred: Verdict{Known: true, Pod: "c"}, off: Verdict{Known: true, Pod: "c"},
		},
		"all are on the leader's node": {
			changes:   []func(*Input){with(onNode("node-of-a")), func(in *Input) { in.Pods[1] = pod("b", onNode("node-of-a")) }},
			preferred: Verdict{Known: true, Pod: "c"}, off: Verdict{Known: true, WhyNot: "it has no pod on another node"},
		},
		"the others are not ready": {
			changes:   []func(*Input){with(unready), func(in *Input) { in.Pods[1] = pod("b", going) }},
			preferred: Verdict{Known: true, Pod: "c", WhyNot: "it is not ready, since 2026-03-01 11:59:00Z"},
			off:       Verdict{Known: true, WhyNot: "no pod on another node can take over: b: it is being deleted; c: it is not ready, since 2026-03-01 11:59:00Z"},
		},
		"all are too young": {
			changes:   []func(*Input){younger},
			preferred: Verdict{Known: true, Pod: "c", WhyNot: "it has been ready since 2026-03-01 11:59:00Z, which is less than tanist.dev/min-ready (10m0s) asks for"},
			off: Verdict{Known: true, WhyNot: "no pod on another node can take over: b: it has been ready since 2026-03-01 11:59:00Z, which is less than tanist.dev/min-ready (10m0s) asks for; " +
				"c: it has been ready since 2026-03-01 11:59:00Z, which is less than tanist.dev/min-ready (10m0s) asks for"},
		},
		"the leader's node is cordoned": {
			changes: []func(*Input){cordoned}, preferred: Verdict{Known: true, Pod: "c"}, off: Verdict{Known: true, Pod: "b"},
		},
		"the user may not read pods": {changes: []func(*Input){func(in *Input) { in.PodsKnown, in.Pods = false, nil }}},
		"the pod is another's": {
			changes: []func(*Input){with(func(p *corev1.Pod) { p.Labels = nil })}, preferred: Verdict{Known: true, Pod: "c", WhyNot: "the Service does not select it"},
			off: Verdict{Known: true, Pod: "b"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(test.changes...)
			preferred, err := IfPreferred(in, "c", t0)
			if diff := cmp.Diff(test.preferred, preferred); diff != "" || err != nil {
				t.Errorf("if it is preferred: %v, and (-want +got):\n%s", err, diff)
			}
			off, err := OffNode(in, "node-of-a", t0)
			if diff := cmp.Diff(test.off, off); diff != "" || err != nil {
				t.Errorf("off the node: %v, and (-want +got):\n%s", err, diff)
			}
		})
	}
}
