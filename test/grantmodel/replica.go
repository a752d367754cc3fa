package grantmodel

import "slices"

func (r *replica) last() *observedTerm {
	if r.count == 0 {
		return nil
	}
	return &r.terms[r.count-1]
}

func (r *replica) push(t observedTerm) {
	if r.count == maxTerms {
		copy(r.terms[:], r.terms[1:])
		r.count--
		r.terms[0].direct = false
	}
	r.terms[r.count] = t
	r.count++
	r.settle()
}

// settle carries over to each term that directly follows a released one from when no earlier grant can be valid.
func (r *replica) settle() {
	for i := int8(1); i < r.count; i++ {
		if previous, t := &r.terms[i-1], &r.terms[i]; t.direct && previous.released {
			t.settle = min(t.settle, previous.settle)
		}
	}
}

// settleAtOnce carries over nothing but that the term before was released: the mutant without SettledBefore.
func (r *replica) settleAtOnce() {
	for i := int8(1); i < r.count; i++ {
		if r.terms[i].direct && r.terms[i-1].released {
			r.terms[i].settle = 0
		}
	}
}

// note is what a replica does when it learns of a later term, from a read, its watch or the other replica. It reports whether it is later.
func (s *state) note(index int8, v view, rules Rules) bool {
	r := &s.replicas[index]
	last := r.last()
	if last != nil && v.term <= last.term {
		return false
	}
	t := observedTerm{view: v, settle: duration}
	if last != nil {
		t.direct = v.generation == last.generation+1 || !rules[DirectSuccessor]
	}
	if last == nil && !rules[WaitAfterStart] || last != nil && !rules[WaitAfterMove] {
		t.settle = 0
	}
	r.push(t)
	if !rules[SettledBefore] {
		r.settleAtOnce()
	}
	for m := s.under(index); m != nil && m.got.term < v.term; m = s.under(index) {
		*m = message{} // the read says nothing of the present any more
	}
	return true
}

// observe is what a replica does with a read of its own. A term below the one that it knows means that etcd was restored: a read that began
// before the replica knew of a later term was dropped then.
func (s *state) observe(index int8, got view, rules Rules) {
	r := &s.replicas[index]
	if s.note(index, got, rules) || got == r.last().view {
		return
	}
	settle := int8(duration)
	if !rules[WaitAfterFall] {
		settle = 0
	}
	r.terms, r.count = [maxTerms]observedTerm{}, 0
	r.push(observedTerm{view: got, settle: settle})
}

// vouches reports whether a replica gave no grant to another process of the pod that may still be valid.
func (s *state) vouches(index int8, m message, rules Rules, own bool) bool {
	r := &s.replicas[index]
	if r.unsure > 0 && rules[VouchAfterStart] {
		return false
	}
	if own && !rules[OwnSessions] || !own && !rules[PeerSessions] {
		return true
	}
	for i := range r.granted {
		for j, left := range r.granted[i] {
			if left > 0 && s.clients[i].pod == m.pod && (int8(i) != m.client || int8(j) != m.session-1) {
				return false
			}
		}
	}
	return true
}

// release marks the term that a pod has stepped down from, and forgets the grants of the session that did. It does nothing when a restore took
// back the later term after the pod had stepped down.
func (s *state) release(index int8, m message, rules Rules) {
	s.note(index, m.got, rules)
	r := &s.replicas[index]
	if rules[LaterKnown] && !slices.ContainsFunc(r.terms[:r.count], func(t observedTerm) bool { return t.view == m.got }) {
		return
	}
	r.granted[m.client][m.session-1] = 0
	for i := int8(0); i < r.count; i++ {
		if t := &r.terms[i]; t.leader == m.pod && (t.term == m.term || !rules[NamedTerm]) {
			t.released = true
		}
	}
	r.settle()
	if !rules[SettledBefore] {
		r.settleAtOnce()
	}
}
