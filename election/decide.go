package election

import "time"

// Decide returns who should lead, who follows and when to decide again. It does not modify the candidates, and their order does not
// matter.
//
// A leader that stands stays. A leader stands while it is fit (see Candidate.Fit; MinReady applies only to new leaders), and while
// its lost readiness is within NotReadyGrace, during which it still counts as ready. It gives way only:
//
//   - if it runs to completion: to a fit pod that does not;
//   - if it is announced to go: to an eligible pod that is not announced and carries as much of the Service's traffic. Without such a
//     pod it stays, because another move would follow soon. The exception is a leader that will be deleted immediately: the pod that
//     has longest to live takes over. A rollout requires more than an eligible pod: see displaces;
//   - if the user no longer wants it to lead (see Candidate.Excluded): to an eligible pod that carries as much and is not announced. It
//     stays until there is one, because a leader that serves is better than none. An excluded pod is never made leader: not even if
//     nobody else can lead;
//   - to an eligible pod that carries more of the Service's ports and address families and is not announced. It must also be allowed
//     to displace the leader: see displaces;
//   - to the preferred pod, once that is eligible and not announced. A preferred pod that is announced does not take the leadership
//     back: the two announcements would move it back and forth;
//   - if the Service is not sticky: to an eligible pod that comes before it (see Rules.compare for the order). A higher priority
//     alone does not overrule Sticky.
//
// A leader that an observer believes to be lost (see Candidate.Lost) gives way as well, but only to a fit pod that the observer has just
// heard and that is not in doubt itself. Without one it stays: a verdict is a reason to prefer another pod, not to have none. No pod in
// doubt takes over from a leader that stands, and after the loss of a leader it comes last.
//
// If Kubernetes has lost sight of the leader's node, the leader stands while it says itself that it is ready (see Candidate.SaysReady). When it no
// longer does, it stays while no other pod is fit: it may still serve, and nobody is better.
//
// An announcement that is withdrawn moves nobody: the current leader stays if it carries as much. With Rules.LossesOnly or
// Rules.Paused, none of these rules moves a leader that stands.
//
// If the leader does not stand, the first eligible pod leads. An eligible pod that is announced to go comes before a younger pod that
// stays: it serves now, and MinReady is the user's wish. If nobody is eligible, the first fit pod leads, however young: MinReady
// chooses between leaders, and does not ask for a Service without one. This applies even while the old leader still drains, just as
// a plain Service prefers any ready pod to a terminating one. A pod that runs to completion leads only if no other pod is fit.
//
// If the Service is sticky and its leader is lost or announced to go, a pod on another node is preferred. A Service that is not
// sticky moves to its best pod in the end, so a pod on another node would cost a second move.
//
// If the only fit pods run to completion, or none is fit, a leader that is terminating but still serves stays, not ready. A
// terminating pod is never made leader: if all pods terminate together (scale to zero, strategy Recreate), the leadership would only
// pass from one terminating pod to the next. Otherwise nobody leads.
//
// With Rules.Following, none of this applies: see evaluation.follow.
func Decide(rules Rules, candidates []Candidate, incumbent Incumbent, now time.Time) Decision {
	e := newEvaluation(rules, candidates, now)
	decision := e.decide(incumbent)
	decision.RequeueAfter = e.requeueAfter(decision, incumbent)
	decision.Leader = copyOf(decision.Leader)
	decision.Successor = copyOf(decision.Successor)
	decision.HeldBack = copyOf(decision.HeldBack)
	return decision
}

// evaluation is the input of one decision: the rules, the pods and the time. Its methods return pointers into candidates.
type evaluation struct {
	rules Rules
	// given are the pods as the caller passed them. candidates are the same pods, with AnnouncedRollout where it applies.
	given, candidates []Candidate
	now               time.Time
}

func newEvaluation(rules Rules, candidates []Candidate, now time.Time) evaluation {
	e := evaluation{rules: rules, given: candidates, now: now}
	return e.announceRollouts("")
}

// decide is Decide without RequeueAfter.
func (e evaluation) decide(incumbent Incumbent) Decision {
	leader, ready, reason := e.lead(incumbent)
	decision := Decision{Leader: leader, Ready: ready, Reason: reason}
	if leader == nil {
		decision.Move = incumbent.UID != ""
		return decision
	}
	decision.Move = incumbent.UID != leader.UID
	if e.rules.Following != nil {
		return decision // nobody knows whom the application elects next
	}
	decision.HeldBack, decision.HeldBackReason = e.heldBack(leader, incumbent)
	decision.Successor = e.announceRollouts(leader.UID).next(leader.UID, leader.Node)
	return decision
}

// incumbent returns who leads after the decision has been committed.
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

// lead returns the leader, whether it is ready, and why it has changed. The reason is empty if nothing has changed.
func (e evaluation) lead(incumbent Incumbent) (leader *Candidate, ready bool, reason Reason) {
	if e.rules.Following != nil {
		return e.follow(incumbent)
	}
	holder := e.find(incumbent.UID)
	if e.rules.stands(holder, e.now) {
		if next := e.relief(holder); next != nil {
			return next, true, holder.Lost
		}
		if e.rules.Paused {
			return holder, true, ""
		}
		leader, reason := e.challenge(holder, incumbent)
		return leader, true, reason
	}
	next := e.next(incumbent.UID, incumbent.Node)
	switch {
	case next == nil && holder != nil && holder.outOfSight():
		if holder.Terminating {
			return holder, false, ReasonLastResort
		}
		return holder, true, ""
	case holder != nil && holder.servesWhileTerminating() && (next == nil || next.Finite && !holder.Finite):
		return holder, false, ReasonLastResort
	case next == nil:
		return nil, false, ReasonNoCandidate
	default:
		return next, true, reasonForLoss(incumbent, holder)
	}
}

// next returns who follows when the leader with this UID, on this node, no longer leads. It returns nil if nobody can.
func (e evaluation) next(leavingUID, leavingNode string) *Candidate {
	if next := e.nextOf(leavingUID, leavingNode, Candidate.trusted); next != nil {
		return next
	}
	return e.nextOf(leavingUID, leavingNode, func(Candidate) bool { return true })
}

// nextOf is next among the pods that may follow. One that runs to completion comes after all others, and among those that do and those that do not, one
// that departs itself.
func (e evaluation) nextOf(leavingUID, leavingNode string, mayFollow func(Candidate) bool) *Candidate {
	for _, last := range []struct{ finite, departing bool }{{}, {departing: true}, {finite: true}, {finite: true, departing: true}} {
		for _, may := range []func(Candidate) bool{e.eligible, Candidate.Fit} {
			next := e.best(leavingUID, leavingNode, func(c Candidate) bool {
				return c.Finite == last.finite && c.Departing == last.departing && mayFollow(c) && may(c)
			})
			if next != nil {
				return next
			}
		}
	}
	return nil
}

// best returns the first pod, in the order of Rules.compare, that may lead. It ignores the pod with the UID leaveOut.
func (e evaluation) best(leaveOut, leavingNode string, may func(Candidate) bool) *Candidate {
	if !e.rules.Sticky {
		leavingNode = ""
	}
	var best *Candidate
	for i := range e.candidates {
		c := &e.candidates[i]
		if c.UID == leaveOut || !may(*c) {
			continue
		}
		if best == nil || e.rules.compare(c, best, leavingNode) < 0 {
			best = c
		}
	}
	return best
}

// eligible is Rules.Eligible at the time of the evaluation.
func (e evaluation) eligible(c Candidate) bool {
	return e.rules.Eligible(c, e.now)
}

// find returns the pod with this UID. It returns nil if there is none or the UID is empty.
func (e evaluation) find(uid string) *Candidate {
	for i := range e.candidates {
		if uid != "" && e.candidates[i].UID == uid {
			return &e.candidates[i]
		}
	}
	return nil
}

// copyOf copies a candidate, so that a Decision does not point into its caller's slice.
func copyOf(c *Candidate) *Candidate {
	if c == nil {
		return nil
	}
	copied := *c
	return &copied
}
