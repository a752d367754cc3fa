package grantmodel

import "slices"

// Scenario is a part of what can happen, small enough to be searched to the end.
type Scenario struct {
	// Pods is how many pods there are. Pod 1 leads at first.
	Pods int8
	// Twice is whether pod 1 has two processes.
	Twice bool
	// Reused is whether the replicas may take pod 2 for pod 1, whose address it has.
	Reused bool
	// LateAnswers is whether grants may take time on their way back. Those that arrive at once are valid for longest.
	LateAnswers bool
	Budget      Budget
	// Begins are the steps that the search begins after.
	Begins []string
}

// Result is what a search has found.
type Result struct {
	// States is how many states there are.
	States int
	// Trace is how two pods come to lead at a time; empty if they never do.
	Trace []string
}

// visited is a state that has been reached, and the place of the state before.
type visited struct {
	state  state
	before int32
}

// Search visits every state that can be reached, the nearest first.
func (sc *Scenario) Search(rules Rules) Result {
	first := sc.first(rules)
	seen, all := map[uint64]struct{}{sc.key(&first, rules): {}}, []visited{{first, -1}}
	found := false
	for i := 0; i < len(all) && !found; i++ {
		current := all[i].state
		sc.next(&current, rules, func(after state, _ func() string) {
			if found {
				return
			}
			key := sc.key(&after, rules)
			if _, known := seen[key]; !known {
				seen[key] = struct{}{}
				all = append(all, visited{after, int32(i)})
				found = after.violated()
			}
		})
	}
	result := Result{States: len(all)}
	if found {
		result.Trace = sc.trace(all, rules)
	}
	return result
}

// trace returns what led to the last state.
func (sc *Scenario) trace(all []visited, rules Rules) []string {
	var trace []string
	last := all[len(all)-1]
	for last.before >= 0 {
		before, how := all[last.before], "?"
		sc.next(&before.state, rules, func(after state, say func() string) {
			if after == last.state {
				how = say()
			}
		})
		trace, last = append(trace, how), before
	}
	slices.Reverse(trace)
	return trace
}

// first returns the state at the beginning: pod 1 leads, and both replicas have known that for long. Then follow the steps of Begins.
func (sc *Scenario) first(rules Rules) state {
	s := state{store: view{term: 1, leader: 1, generation: 1}, highest: 1, left: sc.Budget}
	for i := range sc.Pods {
		s.clients[i] = client{pod: i + 1, session: 1}
	}
	if sc.Twice {
		s.clients[sc.Pods] = client{pod: 1, session: 1}
	}
	for i := range s.replicas {
		s.replicas[i].push(observedTerm{view: s.store})
	}
	for _, begins := range sc.Begins {
		found := false
		before := s
		sc.next(&before, rules, func(after state, say func() string) {
			if !found && say() == begins {
				s, found = after, true
			}
		})
		if !found {
			panic("no such step: " + begins)
		}
	}
	return s
}
