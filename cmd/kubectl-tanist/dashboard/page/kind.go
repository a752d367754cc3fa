package page

import (
	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
)

// MoveKind is a kind of change of leader. The page gives each a colour and a shape.
type MoveKind string

// The kinds. Planned and Unplanned have the glossary's meaning.
const (
	// Planned is a hand-over from a leader that still served.
	Planned MoveKind = "planned"
	// Unplanned is a hand-over after the leader was lost.
	Unplanned MoveKind = "unplanned"
	// First is the first leader, or the first one after there was none.
	First MoveKind = "first"
	// NoLeader is the loss of the leader while no pod could follow.
	NoLeader MoveKind = "noLeader"
	// Elected is a hand-over that the application has decided, for whatever reason.
	Elected MoveKind = "elected"
	// Unknown has a reason that this version does not know.
	Unknown MoveKind = "unknown"
)

// KindOf returns the kind of a change of leader.
func KindOf(move leaderslice.Move) MoveKind {
	if move.To == "" {
		return NoLeader
	}
	switch election.Reason(move.Reason) {
	case election.ReasonFirstLeader:
		return First
	case election.ReasonLeaderDeleted, election.ReasonLeaderDisrupted, election.ReasonNodeGoing, election.ReasonRollout, election.ReasonScaleDown,
		election.ReasonRunsToCompletion, election.ReasonLeaderIncomplete, election.ReasonLeaderExcluded, election.ReasonPreferred, election.ReasonBetterCandidate:
		return Planned
	case election.ReasonLeaderGone, election.ReasonLeaderNotReady, election.ReasonLeaderUnfit,
		election.ReasonNodeLost, election.ReasonLeaderFrozen, election.ReasonLeaderCrashed:
		return Unplanned
	case election.ReasonLeaseHolder:
		return Elected
	case election.ReasonNoCandidate:
		return NoLeader
	default:
		return Unknown
	}
}
