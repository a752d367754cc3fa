package election

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// simulation is the pods of a Service while something happens to them. watch decides after each event, as the reconciler does.
type simulation struct {
	t         *testing.T
	rules     Rules
	now       time.Time
	pods      []Candidate
	incumbent Incumbent
	moves     []string
}

func newSimulation(t *testing.T, rules Rules) *simulation {
	return &simulation{t: t, rules: rules, now: t0}
}

// start adds a pod that is ready from now on.
func (w *simulation) start(name, node string) {
	w.pods = append(w.pods, Candidate{
		UID: "uid-" + name, Name: name, Node: node, Created: w.now, Ready: true, ReadySince: w.now, Ordinal: -1,
	})
	w.watch()
}

// change changes pods in one step: a revision or a node is announced for all its pods in the same decision.
func (w *simulation) change(change func(*Candidate), names ...string) {
	for i := range w.pods {
		if slices.Contains(names, w.pods[i].Name) {
			change(&w.pods[i])
		}
	}
	w.watch()
}

func (w *simulation) remove(name string) {
	w.pods = slices.DeleteFunc(w.pods, func(c Candidate) bool { return c.Name == name })
	w.watch()
}

// watch lets a second pass, decides, and follows the decision.
func (w *simulation) watch() {
	w.t.Helper()
	w.now = w.now.Add(time.Second)
	d := Decide(w.rules, w.pods, w.incumbent, w.now)
	if d.Leader == nil || !d.Ready {
		w.t.Errorf("the Service has no ready leader after %v: %+v", w.moves, d)
	}
	if d.Move {
		w.moves = append(w.moves, fmt.Sprintf("%s: %s", d.Reason, nameOf(d.Leader)))
	}
	w.incumbent = d.incumbent(w.incumbent, w.now)
}

func TestADrainMovesTheLeaderOnce(t *testing.T) {
	w := newSimulation(t, sticky)
	w.start("a", "node-0")
	w.start("b", "node-0")
	w.start("c", "node-1")
	w.change(announced(AnnouncedNode), "a", "b")
	for i, evicted := range []string{"a", "b"} {
		w.change(announced(AnnouncedDisruption), evicted)
		w.change(draining, evicted)
		w.start(fmt.Sprintf("replacement-%d", i), "node-2")
		w.remove(evicted)
	}
	if diff := cmp.Diff([]string{"FirstLeader: a", "NodeGoing: c"}, w.moves); diff != "" {
		t.Errorf("unexpected moves (-want +got):\n%s", diff)
	}
}

func TestAnEvictionMovesTheLeaderOnceToAnotherNode(t *testing.T) {
	w := newSimulation(t, sticky)
	w.start("a", "node-0")
	w.start("b", "node-0")
	w.start("c", "node-1")
	w.change(draining, "a")
	w.remove("a")
	w.change(draining, "b")
	if diff := cmp.Diff([]string{"FirstLeader: a", "LeaderDeleted: c"}, w.moves); diff != "" {
		t.Errorf("unexpected moves (-want +got):\n%s", diff)
	}
}

func TestAManualSwitchAndItsFailBack(t *testing.T) {
	w := newSimulation(t, sticky)
	w.start("a", "node-0")
	w.start("b", "node-1")
	w.rules.Preferred = "b"
	w.watch()
	w.change(func(c *Candidate) { c.Ready = false }, "b")
	w.change(func(c *Candidate) { c.Ready, c.ReadySince = true, w.now }, "b")
	w.change(announced(AnnouncedNode), "b")
	w.change(announced(NotAnnounced), "b")
	want := []string{"FirstLeader: a", "Preferred: b", "LeaderNotReady: a", "Preferred: b", "NodeGoing: a", "Preferred: b"}
	if diff := cmp.Diff(want, w.moves); diff != "" {
		t.Errorf("unexpected moves (-want +got):\n%s", diff)
	}
}

func BenchmarkDecide(b *testing.B) {
	for name, size := range map[string]int{"3 pods": 3, "1000 pods that start together": 1000} {
		b.Run(name, func(b *testing.B) {
			candidates := []Candidate{pod("leader"), pod("a")}
			for i := range size - 2 {
				candidates = append(candidates, pod(fmt.Sprint("young-", i), readyFor(time.Duration(i%30)*time.Second)))
			}
			rules := Rules{Sticky: true, MinReady: time.Minute}
			for b.Loop() {
				Decide(rules, candidates, led("leader"), t0)
			}
		})
	}
}
