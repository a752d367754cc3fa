package failover

import (
	"context"
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

// maxUnanswered is how many commits of a Service are kept. At most one of those from the same slice can have been carried out, and while there
// is no answer, each reconciliation adds one.
const maxUnanswered = 10

// add keeps a commit until a newer slice shows what became of it.
func (u *unansweredCommits) add(key types.NamespacedName, commit unanswered) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.ofService == nil {
		u.ofService = map[types.NamespacedName][]unanswered{}
	}
	all := append(u.ofService[key], commit)
	u.ofService[key] = all[max(0, len(all)-maxUnanswered):]
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
// does, and the next attempt of this one had a conflict, as if another replica had made the write.
func (c *Controller) reportUnanswered(ctx context.Context, key types.NamespacedName, record cache.Record) {
	for _, commit := range c.unanswered.take(key) {
		carriedOut, known := commit.plan.CarriedOut(record.Slices)
		if !known {
			c.unanswered.add(key, commit)
			continue
		}
		if commit.origin.path == pathPrepared {
			c.leaders.CountPrepared(commitOutcome(carriedOut, errOutdated))
		}
		if carriedOut {
			c.report(ctx, key, commit.in, commit.plan, commit.origin, commit.decided)
		}
	}
}
