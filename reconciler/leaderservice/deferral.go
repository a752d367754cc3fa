package leaderservice

import (
	"strings"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/retry"
)

// removalOfEndpoints is the key of the deletion of the Endpoints object in Controller.removals. The deletion of slices waits with it.
const removalOfEndpoints = "Endpoints"

// deferContested defers the parts of a plan that someone keeps undoing, each time for longer.
func (c *Controller) deferContested(key types.NamespacedName, p *plan, now time.Time) {
	if p.condition != nil {
		if wait := c.conditions.Remaining(key, p.condition.fingerprint(), now); wait > 0 {
			p.condition = nil
			p.again(wait)
		}
	}
	p.deferRemovals(c.removals.Remaining(key, removalOfEndpoints, now))
	if p.patch != nil {
		p.deferRepair(c.repairs.Remaining(key, p.patch.fingerprint(), now))
	}
}

// recordRepairs counts which repairs were made: one that failed has to be made again although nobody has undone it.
// It adds a warning when someone keeps undoing the same.
func (c *Controller) recordRepairs(key types.NamespacedName, p *plan, in input, now time.Time) {
	if p.condition != nil {
		c.conditions.Record(key, p.condition.fingerprint(), now)
	}
	if p.deleteEndpoints != nil {
		c.removals.Record(key, removalOfEndpoints, now)
	}
	if p.patch == nil {
		return
	}
	// The warning is sent once, however long this goes on. The Deduplicator cannot ensure that, because between two repairs nothing is
	// wrong.
	if tried := c.repairs.Record(key, p.patch.fingerprint(), now); tried.Times == notify.ImmediateAttempts {
		p.warnings = append(p.warnings, in.contestedWarning(p.patch))
	}
}

// fingerprint is the same for the same change of the conditions.
func (c *conditionChange) fingerprint() string {
	what := string(c.condition.Status) + c.condition.Reason
	if c.paused != nil {
		what += c.paused.Reason
	}
	return what
}

// fingerprint is the same for the same change of a Service.
func (c *serviceChange) fingerprint() string { return strings.Join(c.parts(), "\n") }

// limitRate defers all writes of a plan when the Service has had too many, whatever they change: someone may undo another repair each time, or
// let the Service opt in and out. It counts those that it does not defer.
func (c *Controller) limitRate(key types.NamespacedName, p *plan, in input, now time.Time) {
	if !p.writes() {
		return
	}
	wait := c.pace.Wait(key, now)
	if wait == 0 {
		c.pace.Attempt(key, now)
		return
	}
	c.slowed.Inc()
	if c.pace.Slowed(key) {
		notify.Emit(c.recorder, []notify.Warning{in.slowedWarning()})
	}
	p.create, p.patch, p.condition, p.deleteEndpoints, p.deleteServices, p.deleteSlices = nil, nil, nil, nil, nil, nil
	p.again(wait)
}

// again plans again after a while, because something is left out that is due.
func (p *plan) again(after time.Duration) {
	p.deferred, p.requeueAfter = true, retry.MinNonZero(p.requeueAfter, after)
}

// writes reports whether a plan writes anything.
func (p *plan) writes() bool {
	return p.create != nil || p.patch != nil || p.condition != nil || p.deleteEndpoints != nil || len(p.deleteServices) > 0 || len(p.deleteSlices) > 0
}

// deferReport defers the condition, and the patch if it changes only the report about who leads and who would follow.
func (p *plan) deferReport(wait time.Duration) {
	if wait > 0 && p.condition != nil {
		p.condition = nil
		p.again(wait)
	}
	if wait > 0 && p.patch != nil && !store.ServiceChanged(p.patch.current, p.patch.desired) {
		p.deferPatch(wait)
	}
}

// deferRepair defers the patch if it changes only metadata. What traffic depends on is repaired at once.
func (p *plan) deferRepair(wait time.Duration) {
	if wait > 0 && p.patch != nil && apiequality.Semantic.DeepEqual(p.patch.current.Spec, p.patch.desired.Spec) {
		p.deferPatch(wait)
	}
}

func (p *plan) deferPatch(wait time.Duration) {
	p.patch = nil
	p.again(wait)
}

// deferRemovals defers the removal of what Kubernetes' controllers make again: the Endpoints object and the slices.
func (p *plan) deferRemovals(wait time.Duration) {
	if wait > 0 && p.deleteEndpoints != nil {
		p.deleteEndpoints, p.deleteSlices = nil, nil
		p.again(wait)
	}
}
