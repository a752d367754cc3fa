package election

// Following is what is known about the leader of a Service whose application elects it. Tanist then elects nobody: no wish, no order and no
// announcement moves the leader.
type Following struct {
	// Holder is the UID of the pod that the application has elected. It is empty if nobody is known to be elected: nobody is, or it is not
	// one of the pods.
	Holder string
}

// follow is lead for a Service that follows its application's own election.
//
// The elected pod leads while it serves. If it terminates and still serves, it keeps the traffic, not ready, as a last resort does: it is the
// application that elects another. If it does not serve, nobody leads: any other pod knows that it is not the leader.
//
// While nobody is known to be elected, the leader stays as long as it serves, and nobody follows it. A leader that serves is not taken away
// because its application says nothing.
func (e evaluation) follow(incumbent Incumbent) (leader *Candidate, ready bool, reason Reason) {
	holder := e.find(incumbent.UID)
	if elected := e.rules.Following.Holder; elected != "" && elected != incumbent.UID {
		holder, reason = e.find(elected), ReasonLeaseHolder
		if incumbent.UID == "" {
			reason = ReasonFirstLeader
		}
	}
	switch {
	case holder == nil:
		return nil, false, ReasonNoCandidate
	case holder.serves() || reason == "" && (e.rules.withinGrace(holder, e.now) || holder.outOfSight() && !holder.Terminating):
		return holder, true, reason
	case holder.servesWhileTerminating() || reason == "" && holder.outOfSight():
		if reason == "" {
			reason = ReasonLastResort
		}
		return holder, false, reason
	default:
		return nil, false, ReasonNoCandidate
	}
}

// follows reports whether the pod may lead a Service that follows its application's own election. It is true for any other Service.
func (r Rules) follows(c *Candidate) bool { return r.Following == nil || r.Following.Holder == c.UID }
