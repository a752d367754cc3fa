package election

// challenge returns who takes over from a leader that stands, and why. If the leader stays, it returns the leader without a reason.
//
// It follows the voluntary moves to their end, so that one move has the result of several. The steps end, because each step from a
// leader that is not announced goes to a pod that comes before it (see Rules.compare). The last step names the reason.
func (e evaluation) challenge(holder *Candidate, incumbent Incumbent) (leader *Candidate, reason Reason) {
	leader = holder
	for {
		next, why := e.challenger(leader, incumbent)
		if next == nil {
			return leader, reason
		}
		leader, reason = next, why
		incumbent = Decision{Leader: leader, Move: true, Reason: reason}.incumbent(incumbent, e.now)
	}
}

// challenger returns who takes over from a leader that stands, and why, as a single step of challenge. It returns nil if nobody does.
func (e evaluation) challenger(leader *Candidate, incumbent Incumbent) (*Candidate, Reason) {
	if e.rules.LossesOnly {
		return nil, ""
	}
	if leader.Finite {
		if next := e.nextOf(leader.UID, leader.Node, Candidate.trusted); next != nil && !next.Finite {
			return next, ReasonRunsToCompletion
		}
	}
	if next := e.replacement(leader, incumbent); next != nil {
		return next, leader.Announced.reason()
	}
	if leader.Excluded != "" {
		if next := e.best(leader.UID, leader.Node, func(c Candidate) bool { return e.succeedsExcluded(c, leader) }); next != nil {
			return next, ReasonLeaderExcluded
		}
	}
	best := e.best(leader.UID, "", func(c Candidate) bool { return e.challenges(c, leader, incumbent) })
	switch {
	case best == nil:
		return nil, ""
	case best.Missing < leader.Missing:
		return best, ReasonLeaderIncomplete
	case e.rules.prefers(best) && !e.rules.prefers(leader):
		return best, ReasonPreferred
	case !e.rules.Sticky && leader.Announced == NotAnnounced && e.rules.compare(best, leader, "") < 0:
		return best, ReasonBetterCandidate
	default:
		return nil, ""
	}
}

// challenges reports whether a pod may take over although the leader could stay. Such a pod is not announced to go, and is no worse
// than the leader in what matters more than the user's wishes. If it carries more of the traffic, it must also be allowed to displace
// the leader, and if it is only better by its age or priority, it must not have crashed lately: otherwise a pod that is repeatedly ready for a
// moment would move the leadership back and forth. The pod that the user names is taken at their word.
func (e evaluation) challenges(c Candidate, leader *Candidate, incumbent Incumbent) bool {
	switch {
	case !e.eligible(c) || !c.trusted() || c.Announced != NotAnnounced || !c.carriesAsMuch(leader):
		return false
	case c.Missing != leader.Missing:
		return e.displaces(c, incumbent)
	default:
		return e.rules.prefers(&c) || !c.Restarted || e.pastProbation(c)
	}
}

// succeedsExcluded reports whether a pod may take over from a leader that is excluded. The leader serves, and it can never take the
// leadership back. So it waits for a pod that is eligible, carries as much of the traffic, and is not announced to go: a move to a pod that
// goes next might leave nobody.
func (e evaluation) succeedsExcluded(c Candidate, leader *Candidate) bool {
	return e.eligible(c) && c.trusted() && c.Announced == NotAnnounced && c.carriesAsMuch(leader)
}

// heldBack returns who would take over from the leader if the Service were not paused, and why. It returns nil if nobody would, or if the
// Service is not paused.
func (e evaluation) heldBack(leader *Candidate, incumbent Incumbent) (*Candidate, Reason) {
	if !e.rules.Paused || leader == nil || leader.UID != incumbent.UID || !e.rules.stands(leader, e.now) {
		return nil, ""
	}
	next, reason := e.challenge(leader, incumbent)
	if reason == "" {
		return nil, ""
	}
	return next, reason
}

// carriesAsMuch reports whether a pod carries at least as much of the traffic as the leader, and for at least as long.
func (c Candidate) carriesAsMuch(leader *Candidate) bool {
	return c.Missing <= leader.Missing && (!c.Finite || leader.Finite)
}

// replacement returns who takes over from a leader that is announced to go. It returns nil if the leader is not announced, or if no
// pod is better.
func (e evaluation) replacement(leader *Candidate, incumbent Incumbent) *Candidate {
	if leader.Announced == NotAnnounced {
		return nil
	}
	return e.best(leader.UID, leader.Node, func(c Candidate) bool {
		switch {
		case !c.trusted():
			return false
		case leader.Announced.immediate():
			return e.eligible(c) && c.Announced.urgency() < leader.Announced.urgency() && (!c.Finite || leader.Finite)
		case leader.Announced == AnnouncedRollout && !e.displaces(c, incumbent):
			return false
		default:
			return e.eligible(c) && c.Announced == NotAnnounced && c.carriesAsMuch(leader)
		}
	})
}
