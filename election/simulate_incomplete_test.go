package election

import (
	"fmt"
	"testing"
	"time"
)

func TestAPortIsAddedBeforeThePodsHaveIt(t *testing.T) {
	for seed := range int64(100) {
		w := newWorkload(t, sticky, seed)
		w.settle(podNames(3)...)
		w.lead(fmt.Sprint("old-", w.r.Intn(3)))
		w.change(missing(1), podNames(3)...) // Helm updates the Service first
		w.wantMoves()
		w.rollOut(3, 1, 0, func(old []string) string { return old[w.r.Intn(len(old))] }, seed%2 == 0)
		if len(w.moves) != 1 {
			t.Fatalf("seed %d: moves %v", seed, w.moves)
		}
	}
}

func TestAPortIsRemovedFromTheNewPodsFirst(t *testing.T) {
	w := newWorkload(t, sticky, 1)
	w.settle(podNames(3)...)
	w.newRevision()
	for i, gone := range []string{"old-2", "old-1", "old-0"} {
		young := fmt.Sprint("new-", i)
		w.create(young, -1)
		w.mark(missing(1), young)
		w.becomeReady(young)
		w.change(draining, gone)
		w.remove(gone)
	}
	// The port has an endpoint as long as a pod has it.
	w.wantMoves("LeaderDeleted: new-0")
	w.change(missing(0), "new-0", "new-1", "new-2") // the Service follows
	w.wantMoves("LeaderDeleted: new-0")
}

func TestAPodThatCarriesMoreAndFailsAgainAndAgainIsTriedEveryTenMinutes(t *testing.T) {
	for how, fail := range map[string]func(w *workload){
		"it crashes": func(w *workload) { w.crash("new") },
		"it loses its readiness": func(w *workload) {
			w.change(func(c *Candidate) { c.Ready, c.ReadySince = false, w.now }, "new")
		},
	} {
		t.Run(how, func(t *testing.T) {
			w := newWorkload(t, sticky, 1)
			w.settle("old")
			w.change(missing(1), "old")
			w.create("new", -1)
			for began := w.now; w.now.Sub(began) < time.Hour; w.now = w.now.Add(20 * time.Second) {
				w.becomeReady("new")
				w.now = w.now.Add(20 * time.Second)
				fail(w)
			}
			// To the new pod and back, at the beginning and once every ten minutes and a bit.
			if tries := (len(w.moves) + 1) / 2; tries < 1 || tries > 6 {
				t.Errorf("%d tries in an hour: %v", tries, w.moves)
			}
		})
	}
}

func TestASecondAddressComesLater(t *testing.T) {
	w := newWorkload(t, sticky, 1)
	w.settle("a", "b")
	w.change(missing(1), "a", "b") // the Service becomes dual-stack
	w.change(missing(0), "b")
	w.change(missing(0), "a")
	w.wantMoves("LeaderIncomplete: b")
}

func TestAJobsPodGivesTheLeadershipBackAtOnce(t *testing.T) {
	w := newWorkload(t, sticky, 1)
	w.settle("a")
	w.create("job", -1)
	w.mark(func(c *Candidate) { c.Finite, c.Workload = true, "" }, "job")
	w.becomeReady("job")
	w.mark(stopped, "a")
	w.watch()
	w.remove("a")
	w.create("b", -1)
	w.becomeReady("b")
	w.remove("job")
	w.wantMoves("LeaderDeleted: job", "RunsToCompletion: b")
}

func TestARolloutOfPodsWithoutAProbeWaitsAndMovesTheLeaderOnce(t *testing.T) {
	w := newWorkload(t, Rules{Sticky: true, MinReadyUnprobed: 5 * time.Second}, 1)
	w.settle("old-0", "old-1")
	w.newRevision()
	w.create("new-0", -1)
	w.mark(unprobed, "new-0")
	w.becomeReady("new-0")
	w.change(draining, "old-1")
	w.remove("old-1")
	w.wantMoves()
	w.now = w.now.Add(3 * time.Second)
	w.watch()
	w.wantMoves("Rollout: new-0")
}
