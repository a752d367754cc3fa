//go:build e2e

package loss

import (
	"context"
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
	want         expectation
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

// once injects the fault once.
func (f fault) once(t *testing.T, b *testbed, round int) []trial {
	t.Helper()
	b.settle(t)
	s := b.newScene(t, f, round)
	defer s.remove(t)
	pause(t, f.warm)
	b.awaitWatched(t)
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
	lasted := time.Since(began)
	var trials []trial
	if f.during != nil {
		trials = s.trials(t, began)
	}
	restore()
	if f.during == nil {
		pause(t, f.watched)
		trials = s.trials(t, began)
	}
	// Last, because kube-proxy applies a change at once only after a second without one.
	floor := b.floor.write(t)
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

// pause waits for a time, not for an event: what must not happen gives none.
func pause(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-time.After(d):
	case <-t.Context().Done():
		t.Fatal("the test has ended")
	}
}
