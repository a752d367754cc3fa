package grantmodel

import (
	"fmt"
	"slices"
)

// ask lets a process ask each replica for a grant. A request from before its last step-down that arrives after it matters only if the answer would
// not be void.
func (s *state) ask(index int8, sc *Scenario, rules Rules, visit step) {
	c := s.clients[index]
	for r := range s.present() {
		for session := int8(1); session <= c.session; session++ {
			if session < c.session && rules[VoidEarlierAnswers] {
				continue
			}
			m := message{client: index, pod: c.pod, session: session, replica: r}
			if session < c.session {
				m.age = c.since
			}
			say := func() string {
				return fmt.Sprintf("process %d of pod %d (session %d) asks replica %d", index, c.pod, session, r)
			}
			s.read(m, sc, rules, visit, say)
			if sc.Reused && c.pod == 2 {
				m.pod = 1 // the replica still believes that the address is pod 1's
				s.read(m, sc, rules, visit, func() string { return say() + ", which takes it for pod 1" })
			}
		}
	}
}

// begin lets a replica decide about a step-down that has arrived. It reads for it unless it knows already that the leader has moved.
func (s *state) begin(i int, sc *Scenario, rules Rules, visit step) {
	after, m := *s, s.messages[i]
	after.messages[i] = message{}
	say := func() string { return fmt.Sprintf("replica %d gets the step-down", m.replica) }
	if last := s.replicas[m.replica].last(); last != nil && last.term > m.term && last.leader != m.pod {
		m.got = last.view
		after.decide(m, sc, rules, visit, say)
		return
	}
	after.read(m, sc, rules, visit, say)
}

// read lets a replica read for a message. A replica has one read of a slice under way at a time.
func (s *state) read(m message, sc *Scenario, rules Rules, visit step, say func() string) {
	under := s.under(m.replica)
	m.got = s.store
	if under == nil && (s.left.Moves > 0 || s.left.Restores > 0) {
		after, slow := *s, m
		slow.phase = reading
		after.changing = true
		if after.add(slow) {
			visit(after, func() string { return say() + ", and its read takes longer" })
		}
	}
	switch {
	case s.changing || under != nil && rules[JoinNextRead]:
		return
	case under != nil:
		m.got = under.got
	}
	s.decide(m, sc, rules, visit, say)
}

// decide is what the replica does with its read. The message is in none of the places.
func (s *state) decide(m message, sc *Scenario, rules Rules, visit step, say func() string) {
	after := *s
	after.observe(m.replica, m.got, rules)
	r := &after.replicas[m.replica]
	if m.stepDown {
		after.consider(m, rules, visit, say)
		return
	}
	if m.got.leader != m.pod || r.last().settle > 0 {
		visit(after, func() string { return say() + fmt.Sprintf(", which reads term %d and refuses", m.got.term) })
		return
	}
	r.granted[m.client][m.session-1] = duration
	if late := after; sc.LateAnswers {
		m.phase = answered
		if late.add(m) {
			visit(late, func() string { return say() + fmt.Sprintf(", which answers with a grant for term %d", m.got.term) })
		}
	}
	after.accept(m, rules)
	visit(after, func() string { return say() + fmt.Sprintf(" and gets a grant for term %d", m.got.term) })
}

// consider is what the replica does with a step-down after its read.
func (s *state) consider(m message, rules Rules, visit step, say func() string) {
	r := &s.replicas[m.replica]
	later := m.got.term > m.term && m.got.leader != m.pod
	if (later || !rules[NewerTerm]) && (r.left == 0 || !rules[WaitAfterLeave]) && s.vouches(m.replica, m, rules, true) {
		if m.phase = asking; r.alone {
			m.phase = vouched
		}
		s.add(m)
	}
	visit(*s, func() string {
		if r.alone {
			return say() + fmt.Sprintf(", which knows of term %d and need not ask the other replica, which is gone", m.got.term)
		}
		return say() + fmt.Sprintf(", which knows of term %d and asks the other replica if it may count", m.got.term)
	})
}

// accept is what the process does with a grant.
func (s *state) accept(m message, rules Rules) {
	if c := &s.clients[m.client]; s.counts(m, rules) {
		valid := int8(duration) - m.age
		if !rules[CountFromSent] {
			valid = duration
		}
		c.valid, c.term = max(c.valid, valid), max(c.term, m.got.term)
	}
}

// counts reports whether the process does not take an answer for void.
func (s *state) counts(m message, rules Rules) bool {
	c := s.clients[m.client]
	return (m.session == c.session || !rules[VoidEarlierAnswers]) && (m.pod == c.pod || !rules[NamedPod])
}

// stepDown lets a process step down from each term that was its pod's, whether or not it has had a grant.
func (s *state) stepDown(index int8, visit step) {
	c := s.clients[index]
	if c.session == maxSessions {
		return
	}
	var terms []int8
	for _, v := range append(s.before[:s.writes:s.writes], s.store) {
		if v.leader == c.pod {
			terms = append(terms, v.term)
		}
	}
	if c.term > 0 && !slices.Contains(terms, c.term) {
		terms = append(terms, c.term) // a restore has taken it back
	}
	for _, term := range terms {
		for r := range s.present() {
			after := *s
			if after.add(message{phase: sent, stepDown: true, client: index, pod: c.pod, session: c.session, term: term, replica: r}) {
				after.left.StepDowns--
				after.clients[index].session++
				after.clients[index].since, after.clients[index].valid = 0, 0
				visit(after, func() string {
					return fmt.Sprintf("process %d of pod %d steps down from term %d at replica %d", index, c.pod, term, r)
				})
			}
		}
	}
}

// repeat sends a step-down once more, to either replica.
func (s *state) repeat(i int, visit step) {
	if m := s.messages[i]; m.phase == sent && s.left.Repeats > 0 {
		for r := range s.present() {
			after, again := *s, m
			again.replica = r
			if after.add(again) {
				after.left.Repeats--
				visit(after, func() string { return fmt.Sprintf("the step-down is repeated to replica %d", r) })
			}
		}
	}
}

// advance takes a message one step further.
func (s *state) advance(i int, sc *Scenario, rules Rules, visit step) {
	after := *s
	m := &after.messages[i]
	was := *m
	switch m.phase {
	case reading:
		*m = message{}
		after.decide(was, sc, rules, visit, func() string {
			return fmt.Sprintf("the read of replica %d for process %d ends", was.replica, was.client)
		})
	case answered:
		*m = message{}
		after.accept(was, rules)
		visit(after, func() string {
			return fmt.Sprintf("the answer to process %d for term %d arrives", was.client, was.got.term)
		})
	case asking:
		other := 1 - m.replica
		if s.replicas[other].gone {
			return
		}
		if rules[PeerNotesTerm] {
			after.note(other, was.got, rules)
		}
		if m.phase = vouched; !after.vouches(other, was, rules, false) {
			*m = message{}
		}
		visit(after, func() string { return fmt.Sprintf("replica %d is asked about the step-down", other) })
	case vouched:
		if m.phase = telling; s.replicas[1-m.replica].gone {
			*m = message{}
		}
		after.release(was.replica, was, rules)
		visit(after, func() string { return fmt.Sprintf("replica %d counts the step-down", was.replica) })
	case telling:
		*m = message{}
		after.release(1-was.replica, was, rules)
		visit(after, func() string { return fmt.Sprintf("replica %d is told of the step-down", 1-was.replica) })
	}
}
