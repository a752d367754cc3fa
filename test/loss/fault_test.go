//go:build e2e

package loss

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/tanist-dev/tanist/test/env"
)

// fault is something that is done to a leader, to its node, or to what observes them.
type fault struct {
	name, group string
	// workload is the name of the pods to try it with.
	workload string
	hits     target
	// nodes is how many nodes the cluster must have; zero if the usual three do.
	nodes int
	// place chooses the node on which the leaders are.
	place func(t *testing.T, b *testbed, round int) (node string)
	// annotations are those of the Services.
	annotations map[string]string
	// begin prepares the fault. It returns how to inject it, and how to end it, both without anything that takes time.
	begin func(t *testing.T, s *scene) (inject, end func(context.Context) error)
	// lasts is for how long; nil means not at all. untilMoved makes it last longer, until all leaders have moved.
	lasts      func() time.Duration
	untilMoved bool
	// during is called before the fault ends. What happens after that is not counted.
	during func(t *testing.T, s *scene)
	// warns is the reason of a Warning about each Service that must be there before the fault ends.
	warns string
	// restore makes the pods fit for the next trial.
	restore func(t *testing.T, s *scene)
	// warm is how long the replicas have before the fault to hear who answers.
	warm time.Duration
	// watched is for how long moves are counted after the end.
	watched time.Duration
	// brief is how often the fault is injected where nobody says how often. seldom faults have a tenth of the trials, long ones none
	// unless asked for.
	brief        int
	seldom, long bool
	// again says that a scene in which nobody has moved serves for the next trial too, which begins soon.
	again bool
	want  expectation
}

// target is what a fault hits.
type target string

const (
	// aProcess has one leader, a node as many as there are Services.
	aProcess target = "process"
	aNode    target = "node"
)

// limit is how long a leader may take to move. Kubernetes alone takes up to a minute.
const limit = 90 * time.Second

const (
	// sameScene is how many trials one scene serves for at most. Each scene may have its leader on another node.
	sameScene = 20
	// soonAgain is the time between two trials of a scene. What the first one causes after that counts as the second one's.
	soonAgain = 1500 * time.Millisecond
)

// repeat injects the fault as often as it is to be tried, and calls done with the trials of each time.
func (f fault) repeat(t *testing.T, b *testbed, done func([]trial)) {
	t.Helper()
	var s *scene
	rounds := f.rounds(t)
	for round := 1; round <= rounds; round++ {
		if s == nil {
			b.settle(t)
			s = b.newScene(t, f, round)
			pause(t, f.warm)
		}
		last := !f.again || round == rounds || round%sameScene == 0
		trials := f.once(t, s, round, last)
		done(trials)
		if last || slices.ContainsFunc(trials, func(one trial) bool { return len(one.Moves) > 0 }) {
			s.remove(t)
			s = nil
		}
	}
}

// once injects the fault once. last says that nothing more will be tried in the scene.
func (f fault) once(t *testing.T, s *scene, round int, last bool) []trial {
	t.Helper()
	s.round, s.replicas = round, replicas(t, s.client)
	s.awaitWatched(t)
	inject, end := f.begin(t, s)
	restore := env.Restoring(t, f.name, end)
	s.mark()

	began := time.Now()
	if err := inject(t.Context()); err != nil {
		t.Fatal(err)
	}
	if f.lasts != nil {
		pause(t, f.lasts())
	}
	if f.untilMoved {
		s.awaitMoves(t)
	}
	if f.during != nil {
		f.during(t, s)
	}
	if f.warns != "" && !unobserved() {
		s.awaitWarnings(t, f.warns)
	}
	lasted := time.Since(began)
	var trials []trial
	if f.during != nil {
		trials = s.trials(t, began)
	}
	restore()
	if f.during == nil {
		pause(t, f.watchedFor(last))
		trials = s.trials(t, began)
	}
	// Last, because kube-proxy applies a change at once only after a second without one.
	floor := s.floor.write(t)
	for i := range trials {
		one := &trials[i]
		one.Case, one.Round, one.FloorMs, one.LastedMs = f.name, round, ms(floor), ms(lasted)
		t.Logf("%s %v", began.Format("15:04:05.000"), one)
		if err := one.write(); err != nil {
			t.Fatal(err)
		}
	}
	if f.restore != nil {
		f.restore(t, s)
	}
	return trials
}

// watchedFor is how long moves are counted after a trial's end.
func (f fault) watchedFor(last bool) time.Duration {
	if last {
		return f.watched
	}
	return soonAgain
}

// pause waits for a time, not for an event: what must not happen gives none.
func pause(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-time.After(d):
	case <-t.Context().Done():
		t.Fatal("the test has ended")
	}
}
