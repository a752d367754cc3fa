package grantmodel

// Rule is one rule of the protocol. The search must find two leaders when it is left out.
type Rule int

const (
	// WaitAfterMove makes a replica wait for the duration of a grant after it first saw a new term.
	WaitAfterMove Rule = iota
	// WaitAfterStart makes a replica that has just started wait for as long, whatever it reads first.
	WaitAfterStart
	// WaitAfterFall makes a replica wait for as long when the term falls, because etcd was restored.
	WaitAfterFall
	// JoinNextRead has a request answered by a read that begins after it arrived, never by one under way. (To count a grant from when an earlier read
	// began is enough where clocks do not stand still, as here.)
	JoinNextRead
	// CountFromSent counts a grant from when the request was sent, and not from when the answer came.
	CountFromSent
	// NewerTerm counts a step-down only when another leader is known to have a later term.
	NewerTerm
	// LaterKnown counts a step-down only while that later term is known. After a restore it no longer is, and the term before may have begun again.
	LaterKnown
	// NamedTerm counts a step-down for the term that it names, and no later one of the same pod.
	NamedTerm
	// DirectSuccessor counts a step-down only for the term that follows directly.
	DirectSuccessor
	// SettledBefore keeps the next leader waiting for the grants of earlier terms than the one that was stepped down from.
	SettledBefore
	// OwnSessions counts no step-down while another process of the pod may hold a grant of this replica.
	OwnSessions
	// PeerSessions asks the other replica the same.
	PeerSessions
	// VouchAfterStart lets a replica vouch for no time before its start.
	VouchAfterStart
	// WaitAfterLeave counts no step-down while a grant of a replica that has left may be valid: that one can no longer be asked.
	WaitAfterLeave
	// PeerNotesTerm has the replica that is asked remember the later term, so that it gives no grant of a read that began before.
	PeerNotesTerm
	// VoidEarlierAnswers makes answers to requests from before the step-down void.
	VoidEarlierAnswers
	// NamedPod makes an answer void that names another pod: the address was another pod's before.
	NamedPod
	// SeenBeforeRestore is no rule but an assumption: each replica has seen the term that a restore of etcd takes back.
	SeenBeforeRestore
	rules
)

// Rules are those that hold.
type Rules [rules]bool

// AllRules has every rule.
func AllRules() Rules {
	var all Rules
	for i := range all {
		all[i] = true
	}
	return all
}

// Without returns the rules without one.
func (r Rules) Without(rule Rule) Rules {
	r[rule] = false
	return r
}

var names = [rules]string{
	WaitAfterMove: "WaitAfterMove", WaitAfterStart: "WaitAfterStart", WaitAfterFall: "WaitAfterFall", JoinNextRead: "JoinNextRead",
	CountFromSent: "CountFromSent", NewerTerm: "NewerTerm", LaterKnown: "LaterKnown", NamedTerm: "NamedTerm", DirectSuccessor: "DirectSuccessor",
	SettledBefore: "SettledBefore", OwnSessions: "OwnSessions", PeerSessions: "PeerSessions", VouchAfterStart: "VouchAfterStart",
	WaitAfterLeave: "WaitAfterLeave", PeerNotesTerm: "PeerNotesTerm", VoidEarlierAnswers: "VoidEarlierAnswers", NamedPod: "NamedPod", SeenBeforeRestore: "SeenBeforeRestore",
}

func (r Rule) String() string { return names[r] }
