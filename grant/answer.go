package grant

import "time"

// Refusal is why a pod gets no grant.
type Refusal string

// The refusals. They are part of the answer to a pod, and values of a metric.
const (
	// NotLeader is a pod that does not lead.
	NotLeader Refusal = "NotLeader"
	// Settling is a leader that must wait until the grants of earlier leaders cannot be valid any more.
	Settling Refusal = "Settling"
	// Overtaken is an answer from a read that was late. Asking again helps.
	Overtaken Refusal = "Overtaken"
	// TooManySessions is a leader with so many processes that ask, or that have just asked, that this replica keeps no more.
	TooManySessions Refusal = "TooManySessions"
	// Unread is a leader whose slice could not be read live, so that nobody knows whether it still leads.
	Unread Refusal = "Unread"
)

// maxSessions is how many sessions of one Service can have grants of one replica at a time.
const maxSessions = 16

// session is one process that asks for grants.
type session struct{ pod, name string }

// Answer is the answer to a pod that asks for a grant.
type Answer struct {
	// For is for how long the grant holds, from when the pod sent its request. It is zero if there is none.
	For time.Duration
	// Refusal is why there is none, and RetryAfter is when there may be one; zero if that is not known.
	Refusal    Refusal
	RetryAfter time.Duration
}

// Ask answers a pod's request for a grant that lasts for the duration. There must have been a live read that began
// after the request arrived, and for which Observe returned true. The latest term must still be that of the read. Sessions are forgotten after wait.
func (r *Record) Ask(pod, name string, now time.Time, duration, wait time.Duration) Answer {
	last := r.last()
	if last.Leader == "" || last.Leader != pod {
		return Answer{Refusal: NotLeader}
	}
	if left := last.settled.Sub(now); left > 0 {
		return Answer{Refusal: Settling, RetryAfter: left}
	}
	r.forget(now, wait)
	key := session{pod, name}
	if _, known := r.given[key]; !known && len(r.given) >= maxSessions {
		return Answer{Refusal: TooManySessions, RetryAfter: duration}
	}
	if r.given == nil {
		r.given = map[session]time.Time{}
	}
	r.given[key] = now
	return Answer{For: duration}
}

// Vouch reports whether no other session of the pod can hold a grant that this replica gave. started is when the replica began to give grants:
// it remembers none from before.
func (r *Record) Vouch(pod, name string, started, now time.Time, wait time.Duration) bool {
	if now.Sub(started) < wait {
		return false
	}
	r.forget(now, wait)
	for s := range r.given {
		if s.pod == pod && s.name != name {
			return false
		}
	}
	return true
}

// forget removes the sessions whose grants cannot be valid any more.
func (r *Record) forget(now time.Time, wait time.Duration) {
	for s, at := range r.given {
		if now.Sub(at) >= wait {
			delete(r.given, s)
		}
	}
}
