package grantmodel

import "hash/maphash"

var seed = maphash.MakeSeed()

// key returns the same number for states that are the same in all that can still make a difference. It is a hash of 64 bits: of ten million
// states, the chance that any is taken for another one is 3 in a million.
func (sc *Scenario) key(s *state, rules Rules) uint64 {
	plain := *s
	sc.prune(&plain, rules)
	swapped := plain
	swapped.swapReplicas()
	key := plain.hash() + swapped.hash()
	if sc.Twice {
		plain.swapClients(0, sc.Pods)
		swapped.swapClients(0, sc.Pods)
		key += plain.hash() + swapped.hash()
	}
	return key
}

// hash does not depend on the order of the messages.
func (s *state) hash() uint64 {
	type whole struct {
		rest     state
		messages uint64
	}
	w := whole{rest: *s}
	w.rest.messages = [maxMessages]message{}
	for _, m := range s.messages {
		if m.phase != none {
			w.messages += maphash.Comparable(seed, m)
		}
	}
	return maphash.Comparable(seed, w)
}

func (s *state) swapReplicas() {
	s.replicas[0], s.replicas[1] = s.replicas[1], s.replicas[0]
	for i := range s.messages {
		if m := &s.messages[i]; m.phase != none {
			m.replica = 1 - m.replica
		}
	}
}

func (s *state) swapClients(a, b int8) {
	s.clients[a], s.clients[b] = s.clients[b], s.clients[a]
	for i := range s.replicas {
		granted := &s.replicas[i].granted
		granted[a], granted[b] = granted[b], granted[a]
	}
	for i := range s.messages {
		switch m := &s.messages[i]; {
		case m.phase == none:
		case m.client == a:
			m.client = b
		case m.client == b:
			m.client = a
		}
	}
}

// prune clears what nothing depends on any more.
func (sc *Scenario) prune(s *state, rules Rules) {
	stepDowns, asked := s.pruneMessages(rules)
	for i := range s.clients {
		c := &s.clients[i]
		if rules[VoidEarlierAnswers] || c.session == 1 {
			c.since = 0
		}
		if s.left.StepDowns == 0 || sc.Budget.Restores == 0 {
			c.term = 0 // it says what a process may step down from after a restore
		}
	}
	if s.left.StepDowns == 0 && s.left.Restores == 0 {
		s.before = [maxHistory]view{}
	}
	for i := range s.replicas {
		r := &s.replicas[i]
		if !asked {
			r.unsure, r.granted = 0, [maxClients][maxSessions]int8{}
			r.alone, r.left = s.replicas[1-i].gone, 0
		}
		if last := r.last(); !stepDowns && last != nil {
			t := *last
			t.direct = false
			r.terms, r.count = [maxTerms]observedTerm{t}, 1
		}
	}
}

// pruneMessages clears answers whose arrival changes nothing. It returns whether a step-down may still be told to a replica, and whether a replica
// may still be asked about one.
func (s *state) pruneMessages(rules Rules) (stepDowns, asked bool) {
	stepDowns, asked = s.left.StepDowns > 0, s.left.StepDowns > 0
	for i := range s.messages {
		m := &s.messages[i]
		if s.reachesNobody(*m) {
			*m = message{}
		}
		if m.phase == answered && (!s.counts(*m, rules) || rules[CountFromSent] && m.age == duration) {
			*m = message{}
		}
		if m.stepDown {
			stepDowns, asked = true, asked || m.phase == sent || m.phase == reading || m.phase == asking
		}
	}
	return stepDowns, asked
}

// reachesNobody reports whether m is for a replica that has left, and nobody can send it to the other one.
func (s *state) reachesNobody(m message) bool {
	switch m.phase {
	case sent:
		return s.replicas[m.replica].gone && s.left.Repeats == 0
	case asking, telling:
		return s.replicas[1-m.replica].gone
	default:
		return false
	}
}
