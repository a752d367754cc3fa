package failover

import (
	"context"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/reconciler/planner"
)

// unanswered is a commit of which it is not known whether the API server has carried it out.
type unanswered struct {
	in      planner.Input
	plan    planner.Plan
	origin  origin
	decided time.Time
}

// unansweredCommits has the unanswered commits of each Service, the oldest first.
type unansweredCommits struct {
	mu        sync.Mutex
	ofService map[types.NamespacedName][]unanswered
}

// maxUnanswered is how many commits of a Service are kept: the first and the latest. At most one of those from the same slice can have been
// carried out, most likely the first, and while there is no answer, each reconciliation adds one.
const maxUnanswered = 10

// add keeps a commit until a newer slice shows what became of it.
func (u *unansweredCommits) add(key types.NamespacedName, commit unanswered) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.ofService == nil {
		u.ofService = map[types.NamespacedName][]unanswered{}
	}
	all := append(u.ofService[key], commit)
	if len(all) > maxUnanswered {
		all = slices.Delete(all, 1, 2)
	}
	u.ofService[key] = all
}

// has reports whether commits of a Service are kept.
func (u *unansweredCommits) has(key types.NamespacedName) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.ofService[key]) > 0
}

// take removes and returns the commits of a Service.
func (u *unansweredCommits) take(key types.NamespacedName) []unanswered {
	u.mu.Lock()
	defer u.mu.Unlock()
	all := u.ofService[key]
	delete(u.ofService, key)
	return all
}

// reportUnanswered reports the commits whose answer was lost and of which the slices show by now that they were carried out. No other replica
// does, and the next attempt of this one had a conflict, as if another replica had made the write. One of them at most was carried out: those that
// are no moves may all look as the slice does now.
func (c *Controller) reportUnanswered(ctx context.Context, key types.NamespacedName, record cache.Record) {
	var reported *unanswered
	for _, commit := range c.unanswered.take(key) {
		carriedOut, known := commit.plan.CarriedOut(record.Slices)
		if !known {
			c.unanswered.add(key, commit)
			continue
		}
		carriedOut = carriedOut && (reported == nil || !commit.plan.SameBase(reported.plan))
		if commit.origin.path == pathPrepared {
			c.leaders.CountPrepared(commitOutcome(carriedOut, errOutdated))
		}
		if carriedOut {
			reported = &commit
			c.reportLate(ctx, key, commit)
		}
	}
}

// reportLate reports a commit whose answer was lost. When the API server carried it out is not known: it is reported with the time at which it was
// sent, and without a duration.
func (c *Controller) reportLate(ctx context.Context, key types.NamespacedName, commit unanswered) {
	commit.in.Trigger = time.Time{}
	c.report(ctx, key, commit.in, commit.plan, commit.origin, commit.decided, commit.decided)
}
