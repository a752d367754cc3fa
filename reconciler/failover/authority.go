package failover

import (
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
)

// authority is what a replica may change about who leads. Two replicas that see things differently, because one of them lags behind,
// was started later or is of another version, cannot undo each other's work: after a loss has been acted upon the leader stands for
// everyone, and of everything else only one replica is in charge.
type authority int

const (
	// authorityLosses is every replica's: it replaces a leader that is lost, and puts endpoints and unreadable terms right.
	authorityLosses authority = iota
	// authorityAll is the Lease holder's: voluntary moves and repairs of metadata besides.
	authorityAll
	// authorityDead is every replica's while replicas of an older version run, which do not know this distinction: it replaces a
	// leader that is deleted, gone or not ready, which no version disagrees about.
	authorityDead
)

// allows reports whether a replica may write a slice so. current is nil for one that does not exist.
func (a authority) allows(p *plan, current, desired *discoveryv1.EndpointSlice) bool {
	switch {
	case a == authorityAll:
		return true
	case a == authorityDead:
		return p.decision.Move && undisputed(p.decision.Reason)
	case p.decision.Move:
		return p.decision.Reason.Loss()
	case current == nil:
		return len(desired.Endpoints) > 0
	default:
		// A term that cannot be read is damage by any clock and any memory; one that is only not believed is not.
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
