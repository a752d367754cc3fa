package commitrules

import (
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
)

// Authority is what a replica may change about who leads. It keeps replicas that see different things (because one lags, was started later
// or is of another version) from undoing each other's work. Every replica may replace a leader that is lost. After that no replica sees a
// loss any more, so none moves the leader again. All other moves, and the repairs of metadata, are the Lease holder's. The exception is a
// hand-over that admission has prepared: the replica that prepared it commits it.
type Authority int

const (
	// AuthorityLosses is the authority of a replica without the Lease: it may replace a leader that is lost, and repair endpoints and terms
	// that cannot be read.
	AuthorityLosses Authority = iota
	// AuthorityAll is the authority of the Lease holder: it may also make voluntary moves and repair metadata.
	AuthorityAll
	// AuthorityUndisputed is the authority of every replica while replicas of an older version run, which do not follow these rules. One of
	// them holds the Lease and does the rest. This replica only replaces a leader that is deleted, gone or not ready, because every version
	// does that.
	AuthorityUndisputed
)

// Allows reports whether a replica may make one of the writes that carry out a decision. current is nil when the slice does not exist.
func (a Authority) Allows(decision election.Decision, current, desired *discoveryv1.EndpointSlice) bool {
	switch {
	case a == AuthorityAll:
		return true
	case a == AuthorityUndisputed:
		return decision.Move && undisputed(decision.Reason)
	case decision.Move:
		return decision.Reason.Loss()
	case current == nil:
		// A slice without endpoints carries no traffic, so it can wait for the Lease holder.
		return len(desired.Endpoints) > 0
	default:
		// Every replica sees alike that a term cannot be read, so each may repair it. Whether a readable term is plausible depends on the
		// clock and on the terms that a replica has seen, so only the Lease holder replaces an implausible one.
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
