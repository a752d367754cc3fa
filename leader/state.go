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

	lease *lease
	valid bool
}

// Valid reports whether this process holds a grant for the state's term at this moment. Call it at each use. It stays true while the grant is
// renewed, and is false from when it was not, from a StepDown on, and for every other term.
func (s State) Valid() bool { return s.lease != nil && s.lease.left(s.Term) > 0 }

// sameAs reports whether there is nothing new about a state.
func (s State) sameAs(other State) bool {
	return s.Service == other.Service && s.Leader == other.Leader && s.Term == other.Term && s.Leads == other.Leads &&
		(s.Err == nil) == (other.Err == nil) && s.valid == other.valid
}

// lease is the grant that this process holds.
type lease struct {
	mu sync.Mutex
	// sent is when the request for the latest grant was sent, and length for how long it is valid from then on.
	sent   moment
	length time.Duration
	term   int64
	// session names this process, as far as it has not stepped down. Answers to requests of an earlier session are void.
	session string
	// ended is the highest term that this process has stepped down from.
	ended int64
}

func newLease() *lease { return &lease{session: rand.Text()} }

// left returns for how much longer the process holds a grant for a term; at most zero if it does not.
func (l *lease) left(term int64) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.term != term || l.length <= 0 {
		return 0
	}
	return l.length - l.sent.until(now())
}

// current returns the session for a request, and the term that this process has stepped down from.
func (l *lease) current() (session string, ended int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.session, l.ended
}

// grant records the answer to a request that was sent at a moment.
func (l *lease) grant(session string, sent moment, term int64, length time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if session != l.session || term <= l.ended || length <= 0 {
		return
	}
	if term == l.term && l.sent.until(sent) <= 0 && l.length == length {
		return // the answer to an earlier request arrived late
	}
	l.sent, l.term, l.length = sent, term, length
}

// end ends the grant, and returns what to tell about it: the term, the session, and for how long it would have been valid. The term is zero
// if there was none.
func (l *lease) end() (term int64, session string, left time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	term, session = l.term, l.session
	if l.length > 0 {
		left = l.length - l.sent.until(now())
	}
	l.session, l.length, l.ended = rand.Text(), 0, max(l.ended, l.term)
	return term, session, left
}
