package grantmodel

const (
	// duration is how many ticks a grant lasts, and how long a replica waits after a hand-over.
	duration = 2

	replicas    = 2
	maxClients  = 3
	maxSessions = 2
	maxMessages = 4
	maxTerms    = 3
	maxHistory  = 4
)

// view is what the slice said at one moment. Pods have numbers from 1.
type view struct{ term, leader, generation int8 }

// state is everything at one moment. Times are ticks that have passed since something, or are left until something, so that states which
// differ only in the time of day are the same.
type state struct {
	// store has what the slice says, and before what it said, for a restore.
	store   view
	before  [maxHistory]view
	writes  int8
	highest int8 // of all terms ever given
	// changing is whether the slice changes next, because a read has begun that takes longer.
	changing bool

	clients  [maxClients]client
	messages [maxMessages]message
	replicas [replicas]replica
	left     Budget
}

// Budget is how often each thing may still happen.
type Budget struct{ Moves, StepDowns, Repeats, Restarts, Leaves, Restores int8 }

// client is a process in a pod.
type client struct {
	pod int8
	// session counts from 1, and since is how many ticks ago it began.
	session, since int8
	// valid is for how many ticks the process still believes that it leads.
	valid int8
	// term is that of its last grant.
	term int8
}

type replica struct {
	// gone is whether it has ended for good.
	gone bool
	// alone is whether it knows that the other one has, and left is for how many ticks a grant of that one may still be valid.
	alone bool
	left  int8
	// unsure is how many ticks are left in which it cannot vouch for what it did before its start.
	unsure int8
	// terms are what it has seen of the slice, the latest last.
	terms [maxTerms]observedTerm
	count int8
	// granted is for how many ticks a grant that it gave to a session of a client may still be valid.
	granted [maxClients][maxSessions]int8
}

// observedTerm is one term that a replica has seen.
type observedTerm struct {
	view
	// settle is how many ticks are left until no grant of an earlier term can be valid.
	settle int8
	// released is whether this term's leader holds no grant any more.
	released bool
	// direct is whether no other term lies between this and the one before.
	direct bool
}

// phase is how far a message has come.
type phase int8

const (
	none     phase = iota // no message
	sent                  // a step-down is on the way to the replica
	reading               // the API server has answered the replica's read for the message
	answered              // a grant is on its way back
	asking                // a replica asks the other whether a step-down may count
	vouched               // the other replica's consent is on its way back
	telling               // the other replica is told that the step-down counts
)

// message is a request, with all that follows from it.
type message struct {
	phase    phase
	stepDown bool
	// client and session are the sender's, pod is the one that the replica takes it for, term the one that it steps down from.
	client, pod, session, term int8
	replica                    int8
	// age is how many ticks ago a request for a grant was sent.
	age int8
	// got is what the replica read for it.
	got view
}

// tick lets one unit of time pass.
func (s *state) tick() {
	for i := range s.clients {
		c := &s.clients[i]
		c.valid, c.since = down(c.valid), min(c.since+1, duration)
	}
	for i := range s.messages {
		if m := &s.messages[i]; m.phase != none && !m.stepDown {
			m.age = min(m.age+1, duration)
		}
	}
	for i := range s.replicas {
		r := &s.replicas[i]
		r.unsure, r.left = down(r.unsure), down(r.left)
		for j := range r.terms {
			r.terms[j].settle = down(r.terms[j].settle)
		}
		for j := range r.granted {
			for k := range r.granted[j] {
				r.granted[j][k] = down(r.granted[j][k])
			}
		}
	}
}

func down(ticks int8) int8 { return max(ticks-1, 0) }

// violated reports whether two pods believe at this moment that they lead.
func (s *state) violated() bool {
	var holder int8
	for _, c := range s.clients {
		if c.valid > 0 {
			if holder != 0 && holder != c.pod {
				return true
			}
			holder = c.pod
		}
	}
	return false
}

// add puts a message into a free place. It returns false if there is none.
func (s *state) add(m message) bool {
	for i := range s.messages {
		if s.messages[i].phase == none {
			s.messages[i] = m
			return true
		}
	}
	return false
}

// under returns the read that a replica has under way, nil for none.
func (s *state) under(replica int8) *message {
	for i := range s.messages {
		if m := &s.messages[i]; m.phase == reading && m.replica == replica {
			return m
		}
	}
	return nil
}
