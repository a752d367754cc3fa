package failover

import (
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/store"
)

// takePrepared returns the hand-over that admission has prepared for a Service as a plan, if the leader is seen to leave and nothing that
// matters has changed since.
func (c *Controller) takePrepared(key types.NamespacedName, in *input) (plan, bool) {
	now, local := c.clock.Now(), time.Now()
	prepared, record := c.leaders.TakePrepared(key, want(*in), func(record cache.Record, prepared *cache.Prepared) cache.Outcome {
		return preparedOutcome(in.withRecord(record), prepared, now, local)
	})
	if prepared == nil {
		return plan{}, false
	}
	in.record = record
	return preparedPlan(*in, prepared, now), true
}

// commitOutcome returns what became of a prepared hand-over that was committed. One that failed for another reason than a conflict is
// stale: the Service is decided again.
func commitOutcome(committed bool, err error) cache.Outcome {
	switch {
	case committed:
		return cache.OutcomeUsed
	case errors.Is(err, errOutdated):
		return cache.OutcomeSuperseded
	default:
		return cache.OutcomeStale
	}
}

// preparedOutcome returns what becomes of a prepared hand-over now: OutcomeUsed to commit it, another outcome to drop it, and none to wait
// for the leader to leave. The time now is the API server's, local is that of the own clock. It is pure.
func preparedOutcome(in input, prepared *cache.Prepared, now, local time.Time) cache.Outcome {
	if in.hasOtherOwner() || in.behind() {
		return ""
	}
	state, _ := in.recordedState(now)
	switch {
	case !local.Before(prepared.Expires):
		return cache.OutcomeExpired
	case state.Leader.UID != prepared.Before.Leader.UID || state.Term != prepared.Before.Term:
		return cache.OutcomeSuperseded
	case !in.departureSeen(prepared):
		return ""
	case !in.sameVersions(prepared.Writes):
		return cache.OutcomeStale
	}
	// A successor that has changed may no longer be eligible. Only another decision can tell.
	if successor := in.pod(prepared.Successor); successor == nil || successor.ResourceVersion != prepared.SuccessorVersion {
		return cache.OutcomeStale
	}
	return cache.OutcomeUsed
}

// departureSeen reports whether the leader is seen to leave, by its own object.
func (in input) departureSeen(prepared *cache.Prepared) bool {
	if prepared.AtOnce {
		return true
	}
	leader := in.pod(prepared.Leaving)
	return leader == nil || leader.DeletionTimestamp != nil || prepared.Announced && store.DisruptionTargetStatus(leader) == "True"
}

// sameVersions reports whether the slices still have the versions that were decided upon.
func (in input) sameVersions(writes []cache.Write) bool {
	for _, write := range writes {
		version := "" // of a slice that did not exist
		if write.Current != nil {
			version = write.Current.ResourceVersion
		}
		if in.record.Slices[write.Desired.Name].ResourceVersion != version {
			return false
		}
	}
	return true
}

// preparedPlan returns a prepared hand-over as a plan. It adds to the writes what was not known when they were prepared: the time, the
// change that triggers them, and the basis.
func preparedPlan(in input, prepared *cache.Prepared, now time.Time) plan {
	after := prepared.After
	after.Since = now.UTC().Truncate(time.Millisecond)
	changed := in.trigger
	if leaving := in.pod(prepared.Leaving); leaving != nil {
		changed = triggerTime(leaving, in.pod(prepared.Successor), in.trigger)
	}
	for _, write := range prepared.Writes {
		write.Desired.Annotations[config.LeaderSinceKey] = after.Since.Format(leaderslice.SinceLayout)
		write.Desired.Annotations[config.BasisKey] = leaderslice.BasisAnnotation(after, in.commitBasis())
		leaderslice.SetTriggerTime(write.Desired, changed)
	}
	return plan{
		decision: election.Decision{Move: true, Reason: election.Reason(after.Reason)}, path: pathPrepared,
		before: prepared.Before, after: after, writes: prepared.Writes, writesPrimary: true,
	}
}
