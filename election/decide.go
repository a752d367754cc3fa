package election

import "time"

// Decide says who should lead, who follows and when to look again. It does not modify the candidates, and their order does not
// matter.
//
// A leader that stands stays. It stands while it is fit (see Candidate.Fit; MinReady is for new leaders only), or while its lost
// readiness is within the grace; then it is still called ready, because that is what a grace is for. It gives way only:
//
//   - when it is announced to go, to an eligible pod that is not. When all eligible pods are announced too it stays, because
//     another move would follow soon; unless it is to be deleted at once, and then the pod with longest to live takes over.
//     A rollout asks for more than an eligible pod: see pulls;
//   - to the preferred pod, once that is eligible and not announced. A preferred pod that is announced does not pull the leader
//     back, or the two announcements would send it to and fro;
//   - when the Service is not sticky, to an eligible pod that comes before it (see Rules.compare for the order). A higher
//     priority alone does not overrule Sticky.
//
// An announcement that is taken back moves nobody: whoever leads by then stays. With Rules.LossesOnly nothing of all this moves a
// leader that stands.
//
// When the leader does not stand, the first eligible pod leads. An eligible pod that is announced to go comes before a younger
// one that stays: it serves now, and MinReady is the user's word. When nobody is eligible the first fit pod leads, however young
// it is: MinReady chooses between leaders, it does not ask for a Service without one. That holds while the old leader still
// drains, as a plain Service also prefers any ready pod to a terminating one.
//
// A pod on another node is preferred when the leader is lost or announced to go and the Service is sticky. A Service that is not
// sticky wants the best pod: a detour over another node would be a second move.
//
// When nobody is fit, a leader that is terminating but still serves stays, not ready. A terminating pod is never made leader:
// when all pods go at once (scaled to zero, strategy Recreate) the leadership would only pass from one dying pod to the next.
// Otherwise nobody leads.
func Decide(rules Rules, candidates []Candidate, incumbent Incumbent, now time.Time) Decision {
	b := newBallot(rules, candidates, now)
	decision := b.decide(incumbent)
	decision.LookAgain = b.lookAgain(decision, incumbent)
	decision.Leader = copyOf(decision.Leader)
	decision.Successor = copyOf(decision.Successor)
	return decision
}

// ballot is one election: the rules, the pods and the time. Its methods return pointers into candidates.
type ballot struct {
	rules Rules
	// given are the pods as the caller knows them; candidates are the same pods with AnnouncedRollout where it is due.
	given, candidates []Candidate
	now               time.Time
}

func newBallot(rules Rules, candidates []Candidate, now time.Time) ballot {
	b := ballot{rules: rules, given: candidates, now: now}
	return b.announceRollouts("")
}

// decide is Decide without LookAgain.
func (b ballot) decide(incumbent Incumbent) Decision {
	leader, ready, reason := b.lead(incumbent)
	decision := Decision{Leader: leader, Ready: ready, Reason: reason}
	if leader == nil {
		decision.Move = incumbent.UID != ""
		return decision
	}
	decision.Move = incumbent.UID != leader.UID
	decision.Successor = b.announceRollouts(leader.UID).next(leader.UID, leader.Node)
	return decision
}

// incumbent is who leads once the decision is carried out.
func (d Decision) incumbent(before Incumbent, now time.Time) Incumbent {
	switch {
	case !d.Move:
		return before
	case d.Leader == nil:
		return Incumbent{}
	default:
		return Incumbent{UID: d.Leader.UID, Name: d.Leader.Name, Node: d.Leader.Node, Since: now, Reason: d.Reason}
	}
}

// lead elects the leader, says whether it is ready, and why it is not who it was; no reason when all stays.
func (b ballot) lead(incumbent Incumbent) (leader *Candidate, ready bool, reason Reason) {
	holder := b.find(incumbent.UID)
	if b.rules.stands(holder, b.now) {
		if challenger, reason := b.challenger(holder, incumbent); challenger != nil {
			return challenger, true, reason
		}
		return holder, true, ""
	}
	if next := b.next(incumbent.UID, incumbent.Node); next != nil {
		return next, true, reasonForLoss(incumbent, holder)
	}
	if holder != nil && holder.lingers() {
		return holder, false, ReasonLastResort
	}
	return nil, false, ReasonNoCandidate
}

// challenger is who takes over from a leader that stands, and why; nil for nobody. A wish that would take the leadership from the
// refuge in the next moment takes it at once: one move and not two.
func (b ballot) challenger(holder *Candidate, incumbent Incumbent) (*Candidate, Reason) {
	if b.rules.LossesOnly {
		return nil, ""
	}
	refuge := b.refuge(holder, incumbent)
	leader := holder
	if refuge != nil {
		leader = refuge
	}
	best := b.best(holder.UID, "", b.eligible)
	stays := best != nil && best.Announced == NotAnnounced // the order puts those that stay first
	switch {
	case stays && b.rules.prefers(best) && !b.rules.prefers(leader):
		return best, ReasonPreferred
	case stays && !b.rules.Sticky && leader.Announced == NotAnnounced && b.rules.compare(best, leader, "") < 0:
		return best, ReasonBetterCandidate
	case refuge != nil:
		return refuge, holder.Announced.reason()
	default:
		return nil, ""
	}
}

// refuge is who takes over from a leader that is announced to go; nil when it stays, because it is not, or for want of a better.
func (b ballot) refuge(holder *Candidate, incumbent Incumbent) *Candidate {
	may := b.eligible
	switch holder.Announced {
	case NotAnnounced:
		return nil
	case AnnouncedRollout:
		may = func(c Candidate) bool { return b.pulls(c, incumbent) }
	}
	best := b.best(holder.UID, holder.Node, may)
	switch {
	case best == nil, best.Announced == NotAnnounced:
		return best
	case holder.Announced.atOnce() && best.Announced.imminence() < holder.Announced.imminence():
		return best
	default:
		return nil
	}
}

// next is who follows when the leader with this UID, on this node, does not lead any longer; nil for nobody.
func (b ballot) next(leavingUID, leavingNode string) *Candidate {
	if next := b.best(leavingUID, leavingNode, b.eligible); next != nil {
		return next
	}
	return b.best(leavingUID, leavingNode, Candidate.Fit)
}

// best is the first pod, in the order of Rules.compare, that may lead and is not the one with the UID to leave out.
func (b ballot) best(leaveOut, leavingNode string, may func(Candidate) bool) *Candidate {
	if !b.rules.Sticky {
		leavingNode = ""
	}
	var best *Candidate
	for i := range b.candidates {
		c := &b.candidates[i]
		if c.UID == leaveOut || !may(*c) {
			continue
		}
		if best == nil || b.rules.compare(c, best, leavingNode) < 0 {
			best = c
		}
	}
	return best
}

// eligible is Rules.Eligible at the ballot's time.
func (b ballot) eligible(c Candidate) bool {
	return b.rules.Eligible(c, b.now)
}

// find is the pod with this UID; nil when it is gone or the UID is empty.
func (b ballot) find(uid string) *Candidate {
	for i := range b.candidates {
		if uid != "" && b.candidates[i].UID == uid {
			return &b.candidates[i]
		}
	}
	return nil
}

// copyOf keeps a Decision from pointing into its caller's slice.
func copyOf(c *Candidate) *Candidate {
	if c == nil {
		return nil
	}
	copied := *c
	return &copied
}
