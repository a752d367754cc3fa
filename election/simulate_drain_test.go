package election

import (
	"fmt"
	"testing"
)

func (w *workload) onNode(node string) []string {
	return w.names(func(c Candidate) bool { return c.Node == node })
}

// drain cordons a node and evicts its pods one by one. Each is replaced on another node that is not cordoned.
func (w *workload) drain(node, elsewhere string) {
	w.change(announced(AnnouncedNode), w.onNode(node)...)
	for _, name := range w.onNode(node) {
		w.change(announced(AnnouncedDisruption), name)
		w.change(draining, name)
		w.create(name+"'", -1)
		w.mark(func(c *Candidate) { c.Node = elsewhere }, name+"'")
		w.remove(name)
		w.becomeReady(name + "'")
	}
}

func TestDrainsOneAfterAnotherMoveTheLeaderOnceEach(t *testing.T) {
	w := newWorkload(t, sticky, 1)
	w.settle("a", "b", "c", "d") // on the nodes 0, 1, 2 and 0
	w.drain("node-0", "node-2")
	w.wantMoves("NodeGoing: b")
	w.drain("node-1", "node-2") // node-0 is still cordoned, and empty
	w.wantMoves("NodeGoing: b", "NodeGoing: c")
}

func TestACordonTakenBackMovesNobody(t *testing.T) {
	w := newWorkload(t, sticky, 1)
	w.settle("a", "b", "c")
	for range 3 {
		w.change(announced(AnnouncedNode), "a")
		w.change(announced(NotAnnounced), "a")
	}
	w.wantMoves("NodeGoing: b")
}

func TestNodesThatAreAllCordonedAreLeftOneByOne(t *testing.T) {
	w := newWorkload(t, sticky, 1)
	w.settle("a", "b", "c")
	w.change(announced(AnnouncedNode), "a", "b", "c")
	w.wantMoves()
	w.change(announced(AnnouncedDisruption), "a")
	w.wantMoves("LeaderDisrupted: b")
}

func TestARolloutDuringADrain(t *testing.T) {
	w := newWorkload(t, sticky, 1)
	w.settle("a", "b", "c") // on the nodes 0, 1 and 2
	w.newRevision()
	// The first new pod starts on the node that is being drained: that is no reason to move there.
	w.create("new-0", -1)
	w.mark(func(c *Candidate) { c.Node = "node-0" }, "new-0")
	w.change(announced(AnnouncedNode), w.onNode("node-0")...)
	w.wantMoves("NodeGoing: b")
	w.becomeReady("new-0")
	w.wantMoves("NodeGoing: b")
	w.create("new-1", -1)
	w.mark(func(c *Candidate) { c.Node = "node-2" }, "new-1")
	w.becomeReady("new-1")
	w.wantMoves("NodeGoing: b", "Rollout: new-1")
}

func TestAScaleDownMovesTheLeaderOnce(t *testing.T) {
	w := newWorkload(t, sticky, 1)
	w.settle("db-0", "db-1", "db-2", "db-3", "db-4")
	for i := range w.pods {
		w.pods[i].Ordinal = i
	}
	w.lead("db-4")
	w.change(announced(AnnouncedScaleDown), "db-2", "db-3", "db-4") // to two
	for i := 4; i >= 2; i-- {
		w.change(draining, fmt.Sprint("db-", i))
		w.remove(fmt.Sprint("db-", i))
	}
	w.wantMoves("ScaleDown: db-0")
}
