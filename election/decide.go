package election

import "time"

// Decide says who should lead, who follows and when to look again. It does not modify the candidates, and their order does not
// matter.
//
// A leader that stands stays. It stands while it is fit (see Candidate.Fit; MinReady is for new leaders only), or while its lost
// readiness is within the grace; then it is still called ready, because that is what a grace is for. It gives way only:
//
//   - when it runs to completion, to a fit pod that does not;
//   - when it is announced to go, to an eligible pod that is not, and that carries as much of the Service's traffic. When there is
//     none it stays, because another move would follow soon; unless it is to be deleted at once, and then the pod with longest to
//     live takes over. A rollout asks for more than an eligible pod: see pulls;
//   - to an eligible pod that carries more of the Service's ports and address families, and is not announced. Such a pod must not
//     be in doubt either: see pulls;
//   - to the preferred pod, once that is eligible and not announced. A preferred pod that is announced does not pull the leader
//     back, or the two announcements would send it to and fro;
//   - when the Service is not sticky, to an eligible pod that comes before it (see Rules.compare for the order). A higher
//     priority alone does not overrule Sticky.
//
// An announcement that is taken back moves nobody: whoever leads by then stays, if it carries as much. With Rules.LossesOnly
// nothing of all this moves a leader that stands.
//
// When the leader does not stand, the first eligible pod leads. An eligible pod that is announced to go comes before a younger
// one that stays: it serves now, and MinReady is the user's word. When nobody is eligible the first fit pod leads, however young
// it is: MinReady chooses between leaders, it does not ask for a Service without one. That holds while the old leader still
// drains, as a plain Service also prefers any ready pod to a terminating one. A pod that runs to completion leads when there is no
// fit pod besides.
//
// A pod on another node is preferred when the leader is lost or announced to go and the Service is sticky. A Service that is not
// sticky wants the best pod: a detour over another node would be a second move.
//
// When nobody is fit but pods that run to completion, a leader that is terminating but still serves stays, not ready. A terminating pod is never made leader:
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
		leader, reason := b.challenge(holder, incumbent)
		return leader, true, reason
	}
	next := b.next(incumbent.UID, incumbent.Node)
	switch {
	case holder != nil && holder.lingers() && (next == nil || next.Finite && !holder.Finite):
		return holder, false, ReasonLastResort
	case next == nil:
		return nil, false, ReasonNoCandidate
	default:
		return next, true, reasonForLoss(incumbent, holder)
	}
}

// next is who follows when the leader with this UID, on this node, does not lead any longer; nil for nobody.
func (b ballot) next(leavingUID, leavingNode string) *Candidate {
	for _, may := range []func(Candidate) bool{lasting(b.eligible), lasting(Candidate.Fit), b.eligible, Candidate.Fit} {
		if next := b.best(leavingUID, leavingNode, may); next != nil {
			return next
		}
	}
	return nil
}

// lasting narrows a condition down to pods that do not run to completion.
func lasting(may func(Candidate) bool) func(Candidate) bool {
	return func(c Candidate) bool { return !c.Finite && may(c) }
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
