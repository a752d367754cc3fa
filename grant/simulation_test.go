package grant

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"time"
)

// simulation plays pods and replicas with Records, random delays, and clocks that differ in speed by 4 % from the true one. The model in
// test/grantmodel searches everything for a few messages; this plays many with the program's own code.
type simulation struct {
	*rand.Rand
	now    time.Duration
	events events
	log    []string

	store   View
	before  []View
	highest int64
	slice   int
	servers [2]*simulatedReplica
	pods    []*simulatedPod
	grants  int
	early   int
	// held is how often a request was held.
	held int
	// wait is how long replicas wait.
	wait time.Duration
}

type simulatedReplica struct {
	index   int
	rate    float64
	record  Record
	started time.Duration
	pending []func(view View, current bool)
	reading bool
	// life is how often it has restarted. What was meant for an earlier life is lost.
	life int
	// watched is up to when its watch has been told of everything.
	watched time.Duration
}

type simulatedPod struct {
	name, session string
	rate          float64
	term          int64
	expires       time.Duration
}

type event struct {
	at time.Duration
	do func()
}

type events []event

func (e events) Len() int           { return len(e) }
func (e events) Less(i, j int) bool { return e[i].at < e[j].at }
func (e events) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)        { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

// later does something after a random delay, mostly a short one.
func (s *simulation) later(do func()) { s.at(s.now+s.delay(), do) }

func (s *simulation) at(when time.Duration, do func()) { heap.Push(&s.events, event{when, do}) }

func (s *simulation) delay() time.Duration {
	longest := 20 * time.Millisecond
	if s.IntN(5) == 0 {
		longest = 3 * time.Second
	}
	return time.Duration(s.Int64N(int64(longest)))
}

// lost reports whether a message is lost.
func (s *simulation) lost() bool { return s.IntN(10) == 0 }

func (s *simulation) say(format string, args ...any) {
	s.log = append(s.log, fmt.Sprintf("%10s ", s.now)+fmt.Sprintf(format, args...))
}

// time returns what the clock of a replica says.
func (r *simulatedReplica) time(at time.Duration) time.Time {
	return origin.Add(time.Duration(float64(at) * r.rate))
}

func (s *simulation) move(leader string) {
	s.before = append(s.before, s.store)
	s.highest += 1 + s.Int64N(5)
	generation := s.store.Generation + 1
	if s.IntN(20) == 0 {
		s.slice, generation = s.slice+1, 1 // the slice is made anew
	}
	s.store = View{Slice: fmt.Sprint(s.slice), Generation: generation, Term: s.highest, Leader: leader}
	s.say("%q leads: %+v", leader, s.store)
	s.tellWatches()
}

// tellWatches tells the replicas what the slice says, in order.
func (s *simulation) tellWatches() {
	view := s.store
	for _, r := range s.servers {
		r.watched = max(r.watched, s.now+s.delay())
		life := r.life
		s.at(r.watched, func() {
			if r.life == life {
				r.record.Note(view, r.time(s.now), s.wait)
			}
		})
	}
}

func (s *simulation) restart(r *simulatedReplica) {
	*r = simulatedReplica{index: r.index, rate: r.rate, started: s.now, life: r.life + 1, watched: s.now}
	s.say("replica %d restarts", r.index)
	s.tellWatches()
}

// restore restores etcd, when every replica has seen the term that is lost.
func (s *simulation) restore() {
	for _, r := range s.servers {
		if latest, _ := r.record.Latest(); latest.Term != s.store.Term {
			return
		}
	}
	if len(s.before) > 0 {
		back := s.IntN(len(s.before))
		s.store, s.before = s.before[back], s.before[:back]
		s.say("etcd is restored: %+v", s.store)
	}
}

// act does one thing of those that pods, users and accidents do.
func (s *simulation) act() {
	p := s.pods[s.IntN(len(s.pods))]
	switch n := s.IntN(200); {
	case n < 12:
		if leader := s.pods[s.IntN(len(s.pods))].name; leader != s.store.Leader {
			s.move(leader)
		}
	case n < 14:
		s.move("")
	case n < 15:
		s.restart(s.servers[s.IntN(2)])
	case n < 16:
		s.restore()
	case n < 26:
		s.stepDown(p)
	default:
		s.ask(p)
	}
	s.at(s.now+time.Duration(s.Int64N(int64(100*time.Millisecond))), s.act)
}

// run plays for a time, and returns how two pods came to lead; empty if they did not.
func (s *simulation) run(until time.Duration) []string {
	rate := func() float64 { return 0.96 + 0.08*s.Float64() }
	s.slice, s.highest = 1, 1
	s.store = View{Slice: "1", Generation: 1, Term: 1, Leader: "a"}
	for i := range s.servers {
		s.servers[i] = &simulatedReplica{index: i, rate: rate()}
	}
	for _, name := range []string{"a", "a", "b", "c"} { // a has two processes
		s.pods = append(s.pods, &simulatedPod{name: name, session: string(rune('p' + len(s.pods))), rate: rate()})
	}
	s.tellWatches()
	s.at(0, s.act)
	for s.now < until {
		next := heap.Pop(&s.events).(event)
		s.now = next.at
		next.do()
		holders := map[string]bool{}
		for _, p := range s.pods {
			if p.expires > s.now {
				holders[p.name] = true
			}
		}
		if len(holders) > 1 {
			return s.log
		}
	}
	return nil
}
