package grantmodel

import "fmt"

// step is told a state that can follow, and how it came about.
type step func(after state, say func() string)

// next calls visit with every state that can follow.
func (sc *Scenario) next(s *state, rules Rules, visit step) {
	s.change(sc, rules, visit)
	for i := range s.clients {
		if s.clients[i].pod != 0 {
			s.ask(int8(i), sc, rules, visit)
		}
	}
	for i := range s.messages {
		if s.messages[i].phase == sent {
			s.begin(i, sc, rules, visit)
		}
	}
	if s.changing {
		return
	}
	after := *s
	after.tick()
	visit(after, func() string { return "time passes" })
	s.notice(rules, visit)
	for i := range s.clients {
		if s.clients[i].pod != 0 && s.left.StepDowns > 0 {
			s.stepDown(int8(i), visit)
		}
	}
	for i := range s.messages {
		if s.messages[i].phase != none {
			s.advance(i, sc, rules, visit)
			s.repeat(i, visit)
		}
	}
}

// change is what can happen to the slice: a move, and a restore of etcd.
func (s *state) change(sc *Scenario, rules Rules, visit step) {
	for pod := int8(1); s.left.Moves > 0 && pod <= sc.Pods; pod++ {
		if pod != s.store.leader {
			after := *s
			after.changing = false
			after.left.Moves--
			after.before[after.writes], after.writes = s.store, s.writes+1
			after.highest++
			after.store = view{term: after.highest, leader: pod, generation: s.store.generation + 1}
			visit(after, func() string { return fmt.Sprintf("the leader moves to pod %d, term %d", pod, after.highest) })
		}
	}
	seen := true
	for i := range s.replicas {
		last := s.replicas[i].last()
		seen = seen && last != nil && last.term >= s.store.term
	}
	for i := int8(0); s.left.Restores > 0 && i < s.writes && (seen || !rules[SeenBeforeRestore]); i++ {
		after := *s
		after.changing = false
		after.left.Restores--
		after.store, after.writes = s.before[i], i
		for j := i; j < maxHistory; j++ {
			after.before[j] = view{}
		}
		visit(after, func() string {
			return fmt.Sprintf("etcd is restored to term %d of pod %d", after.store.term, after.store.leader)
		})
	}
}

// notice is what happens to a replica without anybody's asking: it sees the slice in its watch, or restarts.
func (s *state) notice(rules Rules, visit step) {
	for i := range int8(replicas) {
		after := *s
		if after.note(i, s.store, rules) {
			visit(after, func() string { return fmt.Sprintf("replica %d sees term %d in its watch", i, s.store.term) })
		}
		if s.left.Restarts > 0 {
			after = *s
			after.left.Restarts--
			after.replicas[i] = replica{unsure: duration}
			for j := range after.messages {
				m := &after.messages[j]
				if m.replica == i && (m.phase == reading || m.phase == asking || m.phase == vouched || m.phase == telling) {
					*m = message{}
				}
			}
			visit(after, func() string { return fmt.Sprintf("replica %d restarts", i) })
		}
	}
}
