package leader

import (
	"crypto/rand"
	"sync"
	"time"
)

// State is what is known about the leadership of the Service.
type State struct {
	// Service is the Service, and Leader the name of the pod that leads it; empty if nobody does.
	Service, Leader string
	// Term is the leader's term. It grows with each change of leader, so that it can serve as a fencing token.
	Term int64
	// Leads is whether this pod leads. Whether it may act as the leader is for Valid to say: a new leader may not before the grants of the
	// former have expired.
	Leads bool
	// Err is why Tanist could not be asked; nil if it could. A grant stays valid until it expires.
	Err error

	held  *heldGrant
	valid bool
}

// Valid reports whether this process holds a grant for the state's term at this moment. Call it at each use. It stays true while the grant is
// renewed, and is false from when it was not, from a StepDown on, as soon as a later term is known, and for every other term.
func (s State) Valid() bool { return s.held != nil && s.held.left(s.Term) > 0 }

// sameAs reports whether there is nothing new about a state.
func (s State) sameAs(other State) bool {
	return s.Service == other.Service && s.Leader == other.Leader && s.Term == other.Term && s.Leads == other.Leads &&
		(s.Err == nil) == (other.Err == nil) && s.valid == other.valid
}

// heldGrant is the grant that this process holds.
type heldGrant struct {
	mu sync.Mutex
	// sent is when the request for the latest grant was sent, and length for how long it is valid from then on.
	sent   moment
	length time.Duration
	term   int64
	// session names this process, as far as it has not stepped down. Answers to requests of an earlier session are void.
	session string
	// ended is the highest term that this process has stepped down from.
	ended int64
	// known is the latest term that is known. A grant for an earlier one is no longer used, although it has not expired.
	known int64
}

func newHeldGrant() *heldGrant { return &heldGrant{session: rand.Text()} }

// left returns for how much longer the process holds a grant for a term; at most zero if it does not.
func (g *heldGrant) left(term int64) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.term != term || g.known > term || g.length <= 0 {
		return 0
	}
	return g.length - g.sent.until(now())
}

// current returns the session for a request, and the term that this process has stepped down from.
func (g *heldGrant) current() (session string, ended int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.session, g.ended
}

// record records the answer to a request that was sent at a moment.
func (g *heldGrant) record(session string, sent moment, term int64, length time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if session != g.session || term <= g.ended || length <= 0 {
		return
	}
	if term == g.term && g.sent.until(sent) <= 0 && g.length == length {
		return // the answer to an earlier request arrived late
	}
	g.sent, g.term, g.length = sent, term, length
}

// note records the latest term that is known.
func (g *heldGrant) note(term int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.known = term
}

// end ends the grant, and returns what to tell about it: the term, the session, and for how long it would have been valid. The term is zero
// if there was none.
func (g *heldGrant) end() (term int64, session string, left time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	term, session = g.term, g.session
	if g.length > 0 {
		left = g.length - g.sent.until(now())
	}
	g.session, g.length, g.ended = rand.Text(), 0, max(g.ended, g.term)
	return term, session, left
}
