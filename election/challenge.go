package election

// challenge returns who takes over from a leader that stands, and why; the leader itself, without a reason, when it stays.
//
// It follows the voluntary moves to their end, so that one move takes the leadership where it would be after several. Each step
// from a leader that is not announced leads to one that comes before it (see Rules.compare), so there is an end. The last step names
// the reason.
func (b ballot) challenge(holder *Candidate, incumbent Incumbent) (leader *Candidate, reason Reason) {
	leader = holder
	for {
		next, why := b.challenger(leader, incumbent)
		if next == nil {
			return leader, reason
		}
		leader, reason = next, why
		incumbent = Decision{Leader: leader, Move: true, Reason: reason}.incumbent(incumbent, b.now)
	}
}

// challenger returns who takes over from a leader that stands in one step, and why; nil for nobody.
func (b ballot) challenger(leader *Candidate, incumbent Incumbent) (*Candidate, Reason) {
	if b.rules.LossesOnly {
		return nil, ""
	}
	if leader.Finite {
		if next := b.next(leader.UID, leader.Node); next != nil && !next.Finite {
			return next, ReasonRunsToCompletion
		}
	}
	if next := b.refuge(leader, incumbent); next != nil {
		return next, leader.Announced.reason()
	}
	best := b.best(leader.UID, "", func(c Candidate) bool { return b.challenges(c, leader, incumbent) })
	switch {
	case best == nil:
		return nil, ""
	case best.Missing < leader.Missing:
		return best, ReasonLeaderIncomplete
	case b.rules.prefers(best) && !b.rules.prefers(leader):
		return best, ReasonPreferred
	case !b.rules.Sticky && leader.Announced == NotAnnounced && b.rules.compare(best, leader, "") < 0:
		return best, ReasonBetterCandidate
	default:
		return nil, ""
	}
}

// challenges says whether a pod may take over although nothing takes the leader away: it stays, is no worse than the leader in what
// matters more than the user's wishes, and is not in doubt if it carries more of the traffic. A pod that is ready for a moment again
// and again would otherwise make the leader go to and fro.
func (b ballot) challenges(c Candidate, leader *Candidate, incumbent Incumbent) bool {
	return b.eligible(c) && c.Announced == NotAnnounced && c.carriesAsMuch(leader) &&
		(c.Missing == leader.Missing || b.pulls(c, incumbent))
}

// carriesAsMuch says whether a pod is no worse than the leader in how much of the traffic it carries, and for how long.
func (c Candidate) carriesAsMuch(leader *Candidate) bool {
	return c.Missing <= leader.Missing && (!c.Finite || leader.Finite)
}

// refuge returns who takes over from a leader that is announced to go; nil when it stays, because it is not, or for want of a better.
func (b ballot) refuge(leader *Candidate, incumbent Incumbent) *Candidate {
	if leader.Announced == NotAnnounced {
		return nil
	}
	return b.best(leader.UID, leader.Node, func(c Candidate) bool {
		switch {
		case leader.Announced.atOnce():
			return b.eligible(c) && c.Announced.imminence() < leader.Announced.imminence() && (!c.Finite || leader.Finite)
		case leader.Announced == AnnouncedRollout && !b.pulls(c, incumbent):
			return false
		default:
			return b.eligible(c) && c.Announced == NotAnnounced && c.carriesAsMuch(leader)
		}
	})
}
