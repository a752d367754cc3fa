package election

import (
	"fmt"
	"math/rand"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// workload is a Deployment or a StatefulSet, and what its controller does to the pods of a simulation.
type workload struct {
	*simulation
	r     *rand.Rand
	named int
}

func newWorkload(t *testing.T, rules Rules, seed int64) *workload {
	return &workload{simulation: newSimulation(t, rules), r: rand.New(rand.NewSource(seed))}
}

// create adds a pod of the newest revision that is not ready yet.
func (w *workload) create(name string, ordinal int) {
	w.named++
	w.pods = append(w.pods, Candidate{
		UID: fmt.Sprint("uid-", w.named), Name: name, Node: fmt.Sprint("node-", w.r.Intn(3)), Created: w.now, ReadySince: w.now,
		Ordinal: ordinal, Workload: "workload",
	})
	w.watch()
}

// becomeReady makes pods ready, in one decision with whatever was marked before.
func (w *workload) becomeReady(names ...string) {
	w.change(func(c *Candidate) { c.Ready, c.ReadySince = true, w.now }, names...)
}

func (w *workload) crash(names ...string) {
	w.change(func(c *Candidate) { c.Ready, c.Restarted, c.ReadySince = false, true, w.now }, names...)
}

func (w *workload) names(which func(Candidate) bool) []string {
	var names []string
	for _, c := range w.pods {
		if which(c) {
			names = append(names, c.Name)
		}
	}
	return names
}

// settle adds the first pods, which have been ready for an hour. Nobody leads until then.
func (w *workload) settle(names ...string) {
	for i, name := range names {
		w.named++
		w.pods = append(w.pods, Candidate{
			UID: fmt.Sprint("uid-", w.named), Name: name, Node: fmt.Sprint("node-", i%3), Created: w.now.Add(time.Duration(i) * time.Second),
			Ready: true, ReadySince: w.now, Ordinal: -1, Workload: "workload",
		})
	}
	w.now = w.now.Add(time.Hour)
	w.watch()
	w.moves = nil
}

// lead makes a pod the leader, as if it had led for a while.
func (w *workload) lead(name string) {
	i := slices.IndexFunc(w.pods, func(c Candidate) bool { return c.Name == name })
	w.incumbent = incumbentOf(&w.pods[i])
	w.watch()
	w.moves = nil
}

// newRevision makes all existing pods outdated.
func (w *workload) newRevision() {
	for i := range w.pods {
		w.pods[i].Outdated = true
	}
	w.watch()
}

// rollOut does a whole rollout as a Deployment's controller does it. victim picks one of the old pods. With quick, one decision sees both a
// pod's deletion and the readiness that the deletion waited for, because the controller may be as quick as Tanist.
func (w *workload) rollOut(replicas, surge, unavailable int, victim func(old []string) string, quick bool) {
	w.newRevision()
	old := func(c Candidate) bool { return c.Outdated && !c.Terminating }
	young := func(c Candidate) bool { return !c.Outdated && !c.Ready }
	for made := 0; len(w.names(old)) > 0; {
		for ; len(w.pods) < replicas+surge && made < replicas; made++ {
			w.create(fmt.Sprint("new-", made), -1)
		}
		var going []string
		for len(w.names(old)) > 0 && len(w.names(Candidate.Fit))-len(going) > replicas-unavailable {
			going = append(going, victim(slices.DeleteFunc(w.names(old), func(name string) bool { return slices.Contains(going, name) })))
			w.change(draining, going...)
			w.change(stopped, going...)
			for _, gone := range going {
				w.remove(gone)
			}
			going = nil
		}
		if arriving := w.names(young); len(arriving) > 0 {
			if quick && len(w.names(old)) > 0 {
				gone := victim(w.names(old))
				w.mark(draining, gone)
				w.becomeReady(arriving[0])
				w.remove(gone)
			} else {
				w.becomeReady(arriving[0])
			}
		}
	}
}

// mark changes pods without a decision.
func (w *workload) mark(change func(*Candidate), names ...string) {
	for i := range w.pods {
		if slices.Contains(names, w.pods[i].Name) {
			change(&w.pods[i])
		}
	}
}

func (w *workload) wantMoves(want ...string) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.moves); diff != "" {
		w.t.Errorf("unexpected moves (-want +got):\n%s", diff)
	}
}

func podNames(n int) []string {
	var names []string
	for i := range n {
		names = append(names, fmt.Sprint("old-", i))
	}
	return names
}

func TestARolloutWithoutUnavailablePodsMovesTheLeaderOnce(t *testing.T) {
	for seed := range int64(200) {
		for _, replicas := range []int{1, 3, 5} {
			for _, strategy := range []Strategy{StrategyOldest, StrategyNewest} {
				for _, quick := range []bool{false, true} {
					w := newWorkload(t, Rules{Strategy: strategy, Sticky: true}, seed)
					w.settle(podNames(replicas)...)
					w.lead(fmt.Sprint("old-", w.r.Intn(replicas)))
					anyOf := func(old []string) string { return old[w.r.Intn(len(old))] }
					w.rollOut(replicas, 1, 0, anyOf, quick)
					if len(w.moves) != 1 {
						t.Fatalf("seed %d, %d replicas, %s, quick %t: moves %v", seed, replicas, strategy, quick, w.moves)
					}
				}
			}
		}
	}
}

func TestARolloutOfAQuarterMovesTheLeaderOnceUnlessItIsTheFirstToGo(t *testing.T) {
	// The youngest goes first, as with a ReplicaSet's controller among equal pods.
	youngest := func(old []string) string { return old[len(old)-1] }
	for _, test := range []struct {
		replicas, surge, unavailable int
		leader                       string
		want                         []string
	}{
		{3, 1, 0, "old-0", []string{"Rollout: new-0"}},
		{3, 1, 0, "old-2", []string{"Rollout: new-0"}},
		{5, 2, 1, "old-0", []string{"Rollout: new-0"}},
		{5, 2, 1, "old-3", []string{"Rollout: new-0"}},
		// It is deleted before there is any pod that stays.
		{5, 2, 1, "old-4", []string{"LeaderDeleted: old-0", "Rollout: new-0"}},
	} {
		t.Run(fmt.Sprintf("%d replicas, %s", test.replicas, test.leader), func(t *testing.T) {
			w := newWorkload(t, sticky, 1)
			w.settle(podNames(test.replicas)...)
			w.lead(test.leader)
			w.rollOut(test.replicas, test.surge, test.unavailable, youngest, false)
			w.wantMoves(test.want...)
		})
	}
}

func TestARolloutOfAStatefulSet(t *testing.T) {
	for name, test := range map[string]struct {
		leader    string
		partition int
		want      []string
	}{
		"the first pod is updated last, and hands over to the first that was": {leader: "db-0", want: []string{"Rollout: db-2"}},
		"the last pod is updated first, and so there are two moves": {
			leader: "db-2", want: []string{"LeaderDeleted: db-0", "Rollout: db-2"},
		},
		"a pod below the partition stays leader":                        {leader: "db-0", partition: 1},
		"a pod above the partition hands over to one that stays":        {leader: "db-2", partition: 1, want: []string{"Rollout: db-0"}},
		"with a partition at the end nothing is updated and none moves": {leader: "db-2", partition: 3},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorkload(t, sticky, 1)
			w.settle("db-0", "db-1", "db-2")
			for i := range w.pods {
				w.pods[i].Ordinal = i
			}
			w.lead(test.leader)
			w.mark(func(c *Candidate) { c.Outdated = c.Ordinal >= test.partition }, "db-0", "db-1", "db-2")
			w.watch()
			for i := 2; i >= test.partition; i-- {
				name := fmt.Sprint("db-", i)
				w.change(draining, name)
				w.remove(name)
				w.create(name, i)
				w.becomeReady(name)
			}
			w.wantMoves(test.want...)
		})
	}
}

func TestARolloutThatIsStuckMovesNobody(t *testing.T) {
	w := newWorkload(t, sticky, 1)
	w.settle(podNames(3)...)
	w.newRevision()
	w.create("new-0", -1)
	for range 10 {
		w.crash("new-0")
	}
	w.change(func(c *Candidate) { c.Outdated = !c.Outdated }, "old-0", "old-1", "old-2", "new-0")
	w.remove("new-0")
	w.wantMoves()
}

func TestANewRevisionThatCrashesAgainAndAgainLeadsOnce(t *testing.T) {
	w := newWorkload(t, sticky, 1)
	w.settle(podNames(3)...)
	w.newRevision()
	w.create("new-0", -1)
	w.becomeReady("new-0")
	for backOff := time.Second; backOff < 10*time.Minute; backOff *= 2 {
		w.crash("new-0")
		w.now = w.now.Add(backOff)
		w.becomeReady("new-0")
		w.now = w.now.Add(time.Minute)
		w.watch()
	}
	// It is rolled back: the old revision is the newest again.
	w.change(func(c *Candidate) { c.Outdated = !c.Outdated }, "old-0", "old-1", "old-2", "new-0")
	w.change(draining, "new-0")
	w.remove("new-0")
	w.wantMoves("Rollout: new-0", "LeaderNotReady: old-0")
}

func TestANewRevisionThatLosesItsReadinessAgainAndAgainIsTriedEveryTenMinutes(t *testing.T) {
	for _, again := range []string{"the same pod", "another pod"} {
		t.Run(again, func(t *testing.T) {
			w := newWorkload(t, sticky, 1)
			w.settle(podNames(3)...)
			w.newRevision()
			w.create("new-0", -1)
			began, last := w.now, "new-0"
			for i := 0; w.now.Sub(began) < time.Hour; i++ {
				w.becomeReady(last)
				w.now = w.now.Add(20 * time.Second)
				w.watch()
				w.change(func(c *Candidate) { c.Ready, c.ReadySince = false, w.now }, last)
				w.now = w.now.Add(20 * time.Second)
				if again == "another pod" {
					w.remove(last)
					last = fmt.Sprint("new-", i+1)
					w.create(last, -1)
				}
			}
			// To the new revision and back, at the beginning and once every ten minutes and a bit.
			if tries := len(w.moves) / 2; tries < 4 || tries > 6 {
				t.Errorf("%d tries in an hour: %v", tries, w.moves)
			}
		})
	}
}

func TestARolloutThatIsRolledBackMovesTheLeaderOnceEachWay(t *testing.T) {
	w := newWorkload(t, sticky, 1)
	w.settle(podNames(3)...)
	w.newRevision()
	w.create("new-0", -1)
	w.becomeReady("new-0")
	w.change(draining, "old-2")
	w.remove("old-2")
	w.change(func(c *Candidate) { c.Outdated = !c.Outdated }, "old-0", "old-1", "new-0")
	w.create("old-3", -1)
	w.change(draining, "new-0")
	w.remove("new-0")
	w.becomeReady("old-3")
	w.wantMoves("Rollout: new-0", "Rollout: old-0")
}

func TestARolloutAfterACrashMovesTheLeaderOnceToo(t *testing.T) {
	for seed := range int64(100) {
		w := newWorkload(t, sticky, seed)
		w.settle(podNames(4)...)
		w.crash("old-0")
		w.remove("old-0")
		w.moves = nil
		w.rollOut(3, 1, 0, func(old []string) string { return old[w.r.Intn(len(old))] }, false)
		if len(w.moves) != 1 {
			t.Fatalf("seed %d: moves %v", seed, w.moves)
		}
	}
}
