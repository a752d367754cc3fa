package observe

import "time"

const (
	// Suspicious is the age from which a node is suspected: fresh channels are tried, and the peers asked.
	Suspicious = 300 * time.Millisecond
	// Lively is how recently a node or pod must have been heard to count as alive.
	Lively = 300 * time.Millisecond
	// apiWithin is how recently the API server must have answered the observer.
	apiWithin = time.Second
	// minProbes is how many probes after the observer's last stall must be unanswered.
	minProbes = 3
	// massWindow is how long more nodes than one must be silent together: almost twice as long as one, so that leaders there still move within 2.5 s.
	massWindow = 2100 * time.Millisecond
	// vetoFor is how long a single peer's veto holds against a majority that hears nothing either.
	vetoFor = 5 * time.Second
)

// Vote is what a peer has said of a silent node since the suspicion began. A peer that does not answer has no vote.
type Vote struct {
	// Armed says that the peer watches the node, and its channels are known to work.
	Armed bool
	// Age is how long the node had been silent for the peer when it answered. It does not grow until the peer answers again: a question
	// that was lost on its way must not end a veto.
	Age time.Duration
	// SameNode is a peer on the node of the observer, whose network it shares.
	SameNode bool
}

// NodeEvidence is what an observer knows of a silent node.
type NodeEvidence struct {
	// Age is how long the node has been silent, and Window how long it must be to be lost.
	Age, Window time.Duration
	Armed       Armed
	// Probes is how many probes since the observer's last stall are unanswered.
	Probes int
	// Others is how many other nodes the observer watches, and OthersHeard how many of them were heard a moment ago.
	Others, OthersHeard int
	// APIAge is how long ago the API server last answered the observer.
	APIAge time.Duration
	Votes  []Vote
	// Beacon says that a replica on the node has written to the API a moment ago. BeaconsRead says that the API was asked for that late
	// enough: a replica that hears no other needs a moment to notice it.
	Beacon, BeaconsRead bool
}

// Outcome is how a suspicion stands.
type Outcome string

const (
	// OutcomeWaiting is a node that has not been silent for long enough.
	OutcomeWaiting Outcome = "waiting"
	// OutcomeLost is a node that is lost.
	OutcomeLost Outcome = "lost"
	// OutcomeHeard is a node that was heard again.
	OutcomeHeard Outcome = "heard"
	// OutcomeVetoed is a node that a peer, or a replica there, says is alive.
	OutcomeVetoed Outcome = "vetoed"
	// OutcomeIsolated is an observer that hears too little else to blame the node.
	OutcomeIsolated Outcome = "isolated"
	// OutcomeUnarmed is a node that was never heard well enough to be missed.
	OutcomeUnarmed Outcome = "unarmed"
)

// Outcomes returns the outcomes with which a suspicion may end. A node that is not armed is not suspected.
func Outcomes() []Outcome {
	return []Outcome{OutcomeLost, OutcomeHeard, OutcomeVetoed, OutcomeIsolated}
}

// Judge says whether the node is lost.
//
// Peers can veto and never convict, so their words need no proof: a forged one can only bring back Kubernetes' own pace. The exception is
// a silence of several nodes, which an observer alone cannot tell from its own isolation: then one peer must miss the node, too.
func (e NodeEvidence) Judge() Outcome {
	window := e.Window
	mass := e.mass()
	if mass {
		window = max(window, massWindow)
	}
	switch {
	case e.Armed == NotArmed:
		return OutcomeUnarmed
	case e.Age < window || e.Probes < minProbes:
		return OutcomeWaiting
	case e.Beacon || e.vetoed():
		return OutcomeVetoed
	case e.APIAge > apiWithin || !e.BeaconsRead || e.Isolated() || mass && !e.confirmed():
		return OutcomeIsolated
	default:
		return OutcomeLost
	}
}

// Isolated reports whether the observer hears less than half of the other nodes.
func (e NodeEvidence) Isolated() bool { return 2*e.OthersHeard < e.Others }

// mass reports whether more nodes are silent than fail by accident at the same moment.
func (e NodeEvidence) mass() bool {
	silent := 1 + e.Others - e.OthersHeard
	return silent > max(1, (e.Others+1)/5)
}

// vetoed reports whether an armed peer has heard the node a moment ago. After a while the majority of the armed observers decides: one
// peer with a path of its own must not hold a Service on a node that nobody else reaches.
func (e NodeEvidence) vetoed() bool {
	heard, silent := 0, 1
	for _, vote := range e.Votes {
		switch {
		case !vote.Armed:
		case vote.Age <= Lively:
			heard++
		default:
			silent++
		}
	}
	return heard > 0 && (e.Age < e.Window+vetoFor || silent <= heard)
}

// confirmed reports whether an armed peer on another node misses the node, too.
func (e NodeEvidence) confirmed() bool {
	for _, vote := range e.Votes {
		if vote.Armed && !vote.SameNode && vote.Age >= e.Window {
			return true
		}
	}
	return false
}
