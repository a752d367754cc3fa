package grant

import (
	"slices"
	"time"
)

// View is what a leader's slice said at one moment.
type View struct {
	// Slice is the UID of the slice, and Generation its metadata.generation, which grows by one with each change of its endpoints.
	Slice      string `json:"slice"`
	Generation int64  `json:"generation"`
	Term       int64  `json:"term"`
	// Leader is the UID of the pod that leads; empty for nobody.
	Leader string `json:"leader"`
}

// sameTurn reports whether two views are of one turn.
func (v View) sameTurn(other View) bool {
	return v.Slice == other.Slice && v.Term == other.Term && v.Leader == other.Leader
}

// maxTurns is how many turns are remembered. Only a turn that directly follows one of them can begin early.
const maxTurns = 8

// turn is one term, as this replica has seen it.
type turn struct {
	// View is the latest of the turn, and first the lowest generation seen in it.
	View
	first int64
	// seen is when this replica first knew of the turn. The turn had begun by then.
	seen time.Time
	// settled is from when no grant of an earlier turn can be valid.
	settled time.Time
	// released is whether the leader of this turn has said, after the turn was over, that it holds no grant.
	released bool
}

// Record is what one replica knows of one slice. The zero value knows nothing.
type Record struct {
	// turns are in the order of their terms, the latest last.
	turns []turn
	// given has when the last grant was given to each session.
	given map[session]time.Time
}

// Known reports whether the record has a turn.
func (r *Record) Known() bool { return len(r.turns) > 0 }

// Latest returns the latest view, and from when on its leader may have a grant. Both are zero if there is none.
func (r *Record) Latest() (View, time.Time) {
	if !r.Known() {
		return View{}, time.Time{}
	}
	last := r.last()
	return last.View, last.settled
}

func (r *Record) last() *turn { return &r.turns[len(r.turns)-1] }

// Note records what a watch or another replica says of the slice, which may be late: of an earlier turn that is still known, it only widens
// what is known of it. wait is for how long a grant of an earlier turn may be valid. It reports whether the term is higher than all before.
func (r *Record) Note(v View, now time.Time, wait time.Duration) bool {
	if !r.Known() || v.Term > r.last().Term {
		r.turns = append(r.turns, turn{View: v, first: v.Generation, seen: now, settled: now.Add(wait)})
		if len(r.turns) > maxTurns {
			r.turns = slices.Delete(r.turns, 0, len(r.turns)-maxTurns)
		}
		r.settle()
		return true
	}
	for i := range r.turns {
		if t := &r.turns[i]; t.sameTurn(v) {
			t.first, t.Generation = min(t.first, v.Generation), max(t.Generation, v.Generation)
			r.settle()
		}
	}
	return false
}

// Observe records a live read that began at a time. Reads of a slice must not overlap. It returns false if the read says nothing of the
// present, because a later turn became known while it was under way.
//
// A term that falls, a slice that was made anew with a lower one, or another leader with the same term means that somebody has changed the
// past, as the restore of a backup does. Who leads then waits as if the leader had just changed.
func (r *Record) Observe(v View, began, now time.Time, wait time.Duration) bool {
	if r.Note(v, now, wait) || r.last().sameTurn(v) {
		return true
	}
	if !began.After(r.last().seen) {
		return false
	}
	r.turns = []turn{{View: v, first: v.Generation, seen: now, settled: now.Add(wait)}}
	return true
}

// settle lets each turn that directly follows a released one begin as soon as that one's grants could. A turn of nobody has no grants.
func (r *Record) settle() {
	for i := 1; i < len(r.turns); i++ {
		previous, t := &r.turns[i-1], &r.turns[i]
		direct := t.Slice == previous.Slice && t.first == previous.Generation+1
		if direct && (previous.released || previous.Leader == "") && previous.settled.Before(t.settled) {
			t.settled = previous.settled
		}
	}
}

// Release records that the pod which led the term has stepped down from it: it holds no grant, and voids the answers to its earlier requests.
// later must be of a later turn with another leader, from a live read that began after the pod had said so, and every replica must have
// vouched for the pod's session (see Vouch).
func (r *Record) Release(pod string, term int64, later View, now time.Time, wait time.Duration) {
	r.Note(later, now, wait)
	for i := range r.turns {
		if t := &r.turns[i]; t.Leader == pod && t.Term == term {
			t.released = true
		}
	}
	r.settle()
}
