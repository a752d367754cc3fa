package election

import (
	"fmt"
	"math/rand"
	"reflect"
	"slices"
	"time"
)

// input is the random input of a decision. Its values come from small sets, so that ties, near misses and deadlines in the same second
// are common.
type input struct {
	Rules      Rules
	Candidates []Candidate
	Incumbent  Incumbent
	Shuffled   []Candidate
	// Elected is the UID that the application has elected, for a Service that follows it.
	Elected string
}

func (input) Generate(r *rand.Rand, _ int) reflect.Value {
	s := input{Rules: Rules{
		Strategy: pick(r, StrategyOldest, StrategyNewest, StrategyOrdinal),
		Sticky:   oneIn(r, 2),
		MinReady: pick(r, 0, 0, 2*time.Second, 5*time.Second),

		MinReadyUnprobed: pick(r, 0, 3*time.Second, 5*time.Second),
		NotReadyGrace:    pick(r, 0, 2*time.Second, 4*time.Second),
		Preferred:        pick(r, "", "", "pod-0", "pod-1", "pod-9"),
		LossesOnly:       oneIn(r, 4),
		Paused:           oneIn(r, 6),
	}}
	for i := range r.Intn(6) {
		s.Candidates = append(s.Candidates, randomCandidate(r, i))
	}
	switch {
	case len(s.Candidates) > 0 && !oneIn(r, 4):
		s.Incumbent = incumbentOf(&s.Candidates[r.Intn(len(s.Candidates))])
	case oneIn(r, 2):
		s.Incumbent = Incumbent{UID: "uid-gone", Name: "pod-0", Node: "node-0"}
	}
	if s.Incumbent.UID != "" && oneIn(r, 2) {
		s.Incumbent.Reason = pick(r, ReasonLeaderNotReady, ReasonLeaderGone, ReasonLeaderDeleted, ReasonRollout)
		s.Incumbent.Since = t0.Add(-pick(r, 0, probation) + time.Duration(r.Intn(9)-4)*time.Second)
	}
	s.Elected = pick(r, "", "uid-0", "uid-1", "uid-2", "uid-3", "uid-elsewhere")
	s.Shuffled = slices.Clone(s.Candidates)
	r.Shuffle(len(s.Shuffled), func(i, j int) { s.Shuffled[i], s.Shuffled[j] = s.Shuffled[j], s.Shuffled[i] })
	return reflect.ValueOf(s)
}

func randomCandidate(r *rand.Rand, i int) Candidate {
	c := Candidate{
		UID:          fmt.Sprintf("uid-%d", i),
		Name:         fmt.Sprintf("pod-%d", i),
		Node:         pick(r, "node-0", "node-1", "node-2"),
		Created:      t0.Add(-time.Duration(r.Intn(4)) * time.Hour),
		Ready:        !oneIn(r, 4),
		ReadySince:   t0.Add(time.Duration(r.Intn(9)-7) * time.Second),
		Terminating:  oneIn(r, 5),
		Ordinal:      pick(r, -1, i),
		Priority:     pick(r, 0, 0, 0, 1, -1),
		Problem:      pick(r, "", "", "", "", "", "no address"),
		DeletionCost: pick(r, 0, 0, 0, 100, -1),
		Announced:    pick(r, NotAnnounced, NotAnnounced, NotAnnounced, NotAnnounced, AnnouncedNode, AnnouncedScaleDown, AnnouncedDisruption),
		Workload:     pick(r, "", "w", "w", "v"),
		Restarted:    oneIn(r, 4),
		Missing:      pick(r, 0, 0, 0, 1, 2),
		Finite:       oneIn(r, 5),
		Unprobed:     oneIn(r, 3),
		Lost:         pick(r, "", "", "", "", ReasonNodeLost, ReasonLeaderFrozen, ReasonLeaderCrashed),
		Marked:       oneIn(r, 6),
		Heard:        !oneIn(r, 3),
		NodeUnknown:  oneIn(r, 6),
		SaysReady:    oneIn(r, 2),

		OnPreferredNode: oneIn(r, 3),
		Excluded:        pick(r, "", "", "", "", "", "its annotation says so"),
	}
	c.Outdated = c.Workload != "" && oneIn(r, 2)
	if c.Announced == AnnouncedDisruption {
		c.Departing = oneIn(r, 2)
	}
	if oneIn(r, 4) { // ready for about as long as its probation
		c.ReadySince = c.ReadySince.Add(-probation)
	}
	return c
}

func oneIn(r *rand.Rand, n int) bool { return r.Intn(n) == 0 }

func pick[T any](r *rand.Rand, values ...T) T { return values[r.Intn(len(values))] }

func incumbentOf(c *Candidate) Incumbent {
	if c == nil {
		return Incumbent{}
	}
	return Incumbent{UID: c.UID, Name: c.Name, Node: c.Node}
}

func (s input) decide() Decision { return Decide(s.Rules, s.Candidates, s.Incumbent, t0) }

// holder is the incumbent's pod, with its announcement.
func (s input) holder() *Candidate {
	return newEvaluation(s.Rules, s.Candidates, t0).find(s.Incumbent.UID)
}

// led is who leads after a decision.
func (s input) led(d Decision) Incumbent { return d.incumbent(s.Incumbent, t0) }

// withoutDoubts is the same input if no observer doubts any pod, and Kubernetes hears all nodes.
func (s input) withoutDoubts() input {
	for _, all := range [][]Candidate{s.Candidates, s.Shuffled} {
		for i := range all {
			all[i].Lost, all[i].Marked, all[i].NodeUnknown = "", false, false
		}
	}
	return s
}
