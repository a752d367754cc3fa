package failover

import (
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
)

// authority is what a replica may change about who leads. It keeps replicas that see different things (because one lags, was started later
// or is of another version) from undoing each other's work. Every replica may replace a leader that is lost. After that the new leader
// stands for all of them. Everything else is done by one replica alone.
type authority int

const (
	// authorityLosses is that of every replica: it replaces a leader that is lost, and repairs endpoints and unreadable terms.
	authorityLosses authority = iota
	// authorityAll is that of the holder of the Lease: it also makes voluntary moves and repairs metadata.
	authorityAll
	// authorityUndisputed is that of every replica while replicas of an older version run, which do not know authorities. It only replaces
	// a leader that is deleted, gone or not ready: every version does that.
	authorityUndisputed
)

// authority returns what this replica may change now.
func (c *Controller) authority() authority {
	switch {
	case c.stores.OlderReplicas():
		return authorityUndisputed
	case c.holdsLease():
		return authorityAll
	default:
		return authorityLosses
	}
}

// allows reports whether a replica may make a write of a plan. current is nil when the slice does not exist.
func (a authority) allows(p *plan, current, desired *discoveryv1.EndpointSlice) bool {
	switch {
	case a == authorityAll:
		return true
	case a == authorityUndisputed:
		return p.decision.Move && undisputed(p.decision.Reason)
	case p.decision.Move:
		return p.decision.Reason.Loss()
	case current == nil:
		return len(desired.Endpoints) > 0
	default:
		// All replicas agree that a term is unreadable. Whether a term is believed depends on the clock and on what a replica remembers.
		return !leaderslice.SameEndpoints(current, desired) || leaderslice.ParseTerm(current.Annotations) == 0
	}
}

// undisputed reports whether every version of Tanist moves the leader for this reason.
func undisputed(reason election.Reason) bool {
	switch reason {
	case election.ReasonLeaderDeleted, election.ReasonLeaderGone, election.ReasonLeaderNotReady:
		return true
	default:
		return false
	}
}
