package grant

import (
	"fmt"
	"time"
)

// read lets a replica read, and calls do with what it read. The read begins after this.
func (s *simulation) read(r *simulatedReplica, do func(view View, current bool)) {
	r.pending = append(r.pending, do)
	if !r.reading {
		s.begin(r)
	}
}

func (s *simulation) begin(r *simulatedReplica) {
	waiting, life, began := r.pending, r.life, s.now
	r.pending, r.reading = nil, true
	s.later(func() {
		view := s.store
		s.later(func() {
			if r.life != life {
				return
			}
			current := r.record.Observe(view, r.time(began), r.time(s.now), s.wait)
			for _, do := range waiting {
				do(view, current)
			}
			if r.reading = false; len(r.pending) > 0 {
				s.begin(r)
			}
		})
	})
}

func (s *simulation) ask(p *simulatedPod) {
	r, sent, session := s.servers[s.IntN(2)], s.now, p.session
	s.later(func() {
		s.read(r, func(view View, current bool) {
			if current {
				s.give(p, r, session, sent, view, s.now+duration/8)
			}
		})
	})
}

// give answers a request after its read. That of a leader that has to wait is held for a while, as grant/server does.
func (s *simulation) give(p *simulatedPod, r *simulatedReplica, session string, sent time.Duration, view View, held time.Duration) {
	if latest, _ := r.record.Latest(); latest.Term != view.Term {
		return
	}
	answer := r.record.Ask(p.name, session, r.time(s.now), duration, s.wait)
	if answer.Refusal == Settling && s.now < held {
		life := r.life
		s.at(s.now+time.Duration(s.Int64N(int64(20*time.Millisecond))), func() {
			if r.life == life {
				s.held++
				s.give(p, r, session, sent, view, held)
			}
		})
		return
	}
	if answer.For == 0 || s.lost() {
		return
	}
	s.later(func() {
		expires := sent + time.Duration(float64(answer.For)/p.rate)
		if session != p.session || expires <= s.now {
			return
		}
		s.grants++
		p.expires, p.term = max(p.expires, expires), max(p.term, view.Term)
		s.say("%s/%s has a grant of replica %d for %d until %s", p.name, session, r.index, view.Term, expires)
	})
}

func (s *simulation) stepDown(p *simulatedPod) {
	if p.term == 0 {
		return
	}
	session, term := p.session, p.term
	p.session, p.expires = fmt.Sprintf("%s%d", p.session[:1], s.Int64()), 0
	s.say("%s/%s steps down from %d", p.name, session, term)
	for range 1 + s.IntN(2) { // it may be repeated
		r := s.servers[s.IntN(2)]
		s.later(func() {
			s.read(r, func(view View, current bool) { s.count(r, p.name, session, term, view, current) })
		})
	}
}

// count is what grant/server does with a step-down.
func (s *simulation) count(r *simulatedReplica, pod, session string, term int64, view View, current bool) {
	if !current || view.Term <= term || view.Leader == pod || !r.record.Vouch(pod, session, r.time(r.started), r.time(s.now), s.wait) {
		return
	}
	other := s.servers[1-r.index]
	life, otherLife := r.life, other.life
	s.later(func() {
		other.record.Note(view, other.time(s.now), s.wait)
		latest, _ := other.record.Latest()
		if other.life != otherLife || latest.Term < view.Term ||
			!other.record.Vouch(pod, session, other.time(other.started), other.time(s.now), s.wait) || s.lost() {
			return
		}
		s.later(func() {
			if r.life != life {
				return
			}
			s.early++
			s.say("the step-down of %s/%s from %d counts", pod, session, term)
			r.record.Release(pod, session, term, view, r.time(s.now), s.wait)
			s.later(func() {
				if other.life == otherLife {
					other.record.Release(pod, session, term, view, other.time(s.now), s.wait)
				}
			})
		})
	})
}
