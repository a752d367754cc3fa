package grantmodel

import (
	"fmt"
	"iter"
)

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
		if m := &s.messages[i]; m.phase == sent && !s.replicas[m.replica].gone {
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
		seen = seen && (s.replicas[i].gone || last != nil && last.term >= s.store.term)
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

// notice is what happens to a replica without anybody's asking: it sees the slice in its watch, restarts, leaves, or hears that the other has.
func (s *state) notice(rules Rules, visit step) {
	for i := range s.present() {
		after := *s
		if after.note(i, s.store, rules) {
			visit(after, func() string { return fmt.Sprintf("replica %d sees term %d in its watch", i, s.store.term) })
		}
		if s.left.Restarts > 0 {
			after = *s
			after.left.Restarts--
			after.replicas[i] = replica{unsure: duration}
			after.forget(i)
			visit(after, func() string { return fmt.Sprintf("replica %d restarts", i) })
		}
		other := &s.replicas[1-i]
		if s.left.Leaves > 0 && !other.gone {
			after = *s
			after.left.Leaves--
			after.replicas[i] = replica{gone: true}
			after.forget(i)
			visit(after, func() string { return fmt.Sprintf("replica %d leaves", i) })
		}
		if other.gone && !s.replicas[i].alone {
			after = *s
			after.replicas[i].alone, after.replicas[i].left = true, duration
			visit(after, func() string { return fmt.Sprintf("replica %d hears that the other one has left", i) })
		}
	}
}

// forget drops what a replica that ends was at.
func (s *state) forget(index int8) {
	for i := range s.messages {
		m := &s.messages[i]
		if m.replica == index && (m.phase == reading || m.phase == asking || m.phase == vouched || m.phase == telling) {
			*m = message{}
		}
	}
}

// present returns the replicas that have not left.
func (s *state) present() iter.Seq[int8] {
	return func(yield func(int8) bool) {
		for i := range int8(replicas) {
			if !s.replicas[i].gone && !yield(i) {
				return
			}
		}
	}
}
