package loss

import (
	"fmt"
	"slices"
	"time"
)

// expectation is what all trials of a case must be like. A bound of zero is none.
type expectation struct {
	// fewest and most are how often the leader moves.
	fewest, most int
	// reason is why it moves first. Where it is empty, any reason will do.
	reason string
	// overFloor is how much longer than the floor's median the median until the first move may be.
	overFloor time.Duration
	// p50, p95 and longest are bounds of the time until the first move.
	p50, p95, longest time.Duration
	// lasts is how long the fault was meant to last. A trial in which it lasted more than tolerance longer, because the machine was busy, is
	// reported and not judged.
	lasts time.Duration
	// lossless says that no request may fail.
	lossless bool
}

// tolerance is how much longer than it should a short fault may last.
const tolerance = 30 * time.Millisecond

// judged reports whether the trial is one that the expectation is about.
func (e expectation) judged(t trial) bool { return e.lasts == 0 || t.LastedMs <= ms(e.lasts+tolerance) }

// falseMoves are the moves of a trial beyond the most.
func (e expectation) falseMoves(t trial) int {
	if !e.judged(t) {
		return 0
	}
	return max(len(t.Moves)-e.most, 0)
}

// problems are the ways in which trials do not meet the expectation.
func (e expectation) problems(trials []trial) (all []string) {
	var first, floor []float64
	for _, t := range trials {
		if !e.judged(t) {
			continue
		}
		floor = append(floor, t.FloorMs)
		if len(t.Moves) > 0 {
			first = append(first, t.Moves[0].AfterMs)
		}
		all = append(all, e.problemsOf(t)...)
	}
	if len(first) == 0 {
		return all
	}
	bounds := []struct {
		what       string
		got, bound float64
	}{
		{"the median", percentile(first, 50), ms(e.p50)},
		{"the 95th percentile", percentile(first, 95), ms(e.p95)},
		{"the longest", percentile(first, 100), ms(e.longest)},
	}
	if e.overFloor > 0 {
		bounds = append(bounds, struct {
			what       string
			got, bound float64
		}{"the median beside the floor's", percentile(first, 50), percentile(floor, 50) + ms(e.overFloor)})
	}
	for _, b := range bounds {
		if b.bound > 0 && b.got > b.bound {
			all = append(all, fmt.Sprintf("%s of the times until the first move is %.0f ms, want at most %.0f ms", b.what, b.got, b.bound))
		}
	}
	return all
}

func (e expectation) problemsOf(t trial) (all []string) {
	name := fmt.Sprintf("round %d, %s", t.Round, t.Service)
	if n := len(t.Moves); n < e.fewest || n > e.most {
		all = append(all, fmt.Sprintf("%s: the leader moved %d times, want %s", name, n, e.times()))
	}
	if len(t.Moves) > 0 && e.most > 0 && e.reason != "" && t.Moves[0].Reason != e.reason {
		all = append(all, fmt.Sprintf("%s: the leader moved because of %s, want %s", name, t.Moves[0].Reason, e.reason))
	}
	if e.lossless && t.Traffic.Failed > 0 {
		all = append(all, fmt.Sprintf("%s: %d requests failed, want none", name, t.Traffic.Failed))
	}
	for _, wrong := range t.Wrong {
		all = append(all, name+": "+wrong)
	}
	return slices.Clip(all)
}

func (e expectation) times() string {
	if e.fewest == e.most {
		return fmt.Sprint(e.most)
	}
	return fmt.Sprintf("from %d to %d", e.fewest, e.most)
}
