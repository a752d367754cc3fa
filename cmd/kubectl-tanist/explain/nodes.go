package explain

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/reconciler/disruption"
)

// readNodes reads how the nodes say that their pods are about to go, by the nodes' names.
func (e *elected) readNodes(in Input) {
	e.nodes = map[string]disruption.NodeSign{}
	for _, object := range in.Others {
		if node, ok := object.(*corev1.Node); ok {
			e.nodes[node.Name] = disruption.NodeSignOf(node, e.options.ElectionOr(in.Tuning))
		}
	}
}

// nodeGoing says how a node announces that its pods go.
func (e *elected) nodeGoing(node string) string {
	text := "its node " + node
	switch sign := e.nodes[node]; {
	case sign.Cordoned:
		return text + " is cordoned"
	case sign.ShuttingDown:
		return text + " is shutting down"
	case sign.VMEvent != "":
		return text + " will be paused, moved or ended by its cloud (" + sign.VMEvent + ")"
	case sign.Deleted:
		return text + " is being deleted"
	default:
		return text + " is about to be removed (taint " + sign.Taint + ")"
	}
}

// nodeRemedy says what would keep a pod on a node that announces that its pods go.
func (e *elected) nodeRemedy(node string) string {
	const unless = ", unless no better pod can lead"
	text := "its node " + node + " must stay"
	switch sign := e.nodes[node]; {
	case sign.Cordoned:
		return text + " (kubectl uncordon " + node + ")" + unless
	case sign.Taint != "":
		return text + " (kubectl taint node " + node + " " + sign.Taint + "-)" + unless
	}
	return text + unless
}
