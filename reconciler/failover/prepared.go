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

// takePrepared returns as a plan what admission has prepared for a Service, if its leader is seen to leave and nothing has changed
// since.
func (s *Controller) takePrepared(key types.NamespacedName, in *input) (plan, bool) {
	now, local := s.clock.Now(), time.Now()
	prepared, record := s.leaders.TakePrepared(key, want(*in), func(record cache.Record, p *cache.Prepared) cache.Outcome {
		return outcomeNow(in.with(record), p, now, local)
	})
	if prepared == nil {
		return plan{}, false
	}
	in.record = record
	return stamped(*in, prepared, now), true
}

// outcomeOf is what became of a prepared hand-over. What could not be written for another reason comes again when it is decided anew.
func outcomeOf(committed bool, err error) cache.Outcome {
	switch {
	case committed:
		return cache.OutcomeUsed
	case errors.Is(err, errOutdated):
		return cache.OutcomeSuperseded
	default:
		return cache.OutcomeStale
	}
}

// outcomeNow is pure: whether a prepared hand-over is to be committed now; none to wait for its leader to leave. Of the two times
// the first is the API server's, and the other the own clock's.
func outcomeNow(s input, p *cache.Prepared, now, local time.Time) cache.Outcome {
	if s.orphaned() || s.behind() {
		return ""
	}
	state, _ := s.recorded(now)
	switch {
	case !local.Before(p.Expires):
		return cache.OutcomeExpired
	case state.Leader.UID != p.Before.Leader.UID || state.Term != p.Before.Term:
		return cache.OutcomeSuperseded
	case !s.leaves(p):
		return ""
	case !s.sameVersions(p.Writes):
		return cache.OutcomeStale
	}
	// A successor that is no longer exactly as it was may no longer be eligible: finding out is deciding anew.
	if successor := s.pod(p.Successor); successor == nil || successor.ResourceVersion != p.SuccessorVersion {
		return cache.OutcomeStale
	}
	return cache.OutcomeUsed
}

// leaves reports whether the leader is really going, by its own object.
func (s input) leaves(p *cache.Prepared) bool {
	if p.AtOnce {
		return true
	}
	leader := s.pod(p.Leaving)
	return leader == nil || leader.DeletionTimestamp != nil || p.Announced && store.DisruptionTargetStatus(leader) == "True"
}

// sameVersions reports whether the slices are still those that were decided upon.
func (s input) sameVersions(writes []cache.Write) bool {
	for _, write := range writes {
		known, exists := s.record.Slices[write.Desired.Name]
		switch {
		case write.Current == nil && exists:
			return false
		case write.Current != nil && (!exists || known.ResourceVersion != write.Current.ResourceVersion):
			return false
		}
	}
	return true
}

// stamped is a prepared hand-over as a plan, with the times of now and with what has been seen since: the leader's departure.
func stamped(s input, p *cache.Prepared, now time.Time) plan {
	after := p.After
	after.Since = now.UTC().Truncate(time.Millisecond)
	changed := s.trigger
	if leaving := s.pod(p.Leaving); leaving != nil {
		changed = triggerTime(leaving, s.pod(p.Successor), s.trigger)
	}
	for _, write := range p.Writes {
		write.Desired.Annotations[config.LeaderSinceKey] = after.Since.Format(leaderslice.SinceLayout)
		write.Desired.Annotations[config.BasisKey] = leaderslice.BasisAnnotation(after, s.basis())
		leaderslice.SetTriggerTime(write.Desired, changed)
	}
	return plan{
		decision: election.Decision{Move: true, Reason: election.Reason(after.Reason)}, path: pathPrepared,
		before: p.Before, after: after, writes: p.Writes, moves: true,
	}
}
