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

// sameTerm reports whether two views are of one term. The restore of a backup can give one number to two terms.
func (v View) sameTerm(other View) bool {
	return v.Slice == other.Slice && v.Term == other.Term && v.Leader == other.Leader
}

// maxTerms is how many terms are remembered. Only a term that directly follows one of them can begin early.
const maxTerms = 8

// observedTerm is one term, as this replica has seen it.
type observedTerm struct {
	// View is the latest of the term, and first the lowest generation seen in it.
	View
	first int64
	// seen is when this replica first knew of the term. The term had begun by then.
	seen time.Time
	// settled is from when no grant of an earlier term can be valid.
	settled time.Time
	// released is whether the leader of this term has said, after the term was over, that it holds no grant.
	released bool
}

// Record is what one replica knows of one slice. The zero value knows nothing.
type Record struct {
	// terms are in their order, the latest last.
	terms []observedTerm
	// given has when the last grant was given to each session.
	given map[session]time.Time
}

// Known reports whether the record has a term.
func (r *Record) Known() bool { return len(r.terms) > 0 }

// KnowsEarlier reports whether the record has an earlier term than the latest, whose end may let the latest begin early.
func (r *Record) KnowsEarlier() bool { return len(r.terms) > 1 }

// Latest returns the latest view, and from when on its leader may have a grant. Both are zero if there is none.
func (r *Record) Latest() (View, time.Time) {
	if !r.Known() {
		return View{}, time.Time{}
	}
	last := r.last()
	return last.View, last.settled
}

func (r *Record) last() *observedTerm { return &r.terms[len(r.terms)-1] }

// FollowedBy returns the latest term, and when this replica first knew of it, if the pod led the term before, and its grants keep the latest leader
// waiting. Otherwise it returns zero.
func (r *Record) FollowedBy(pod string, now time.Time) (term int64, seen time.Time) {
	if len(r.terms) < 2 {
		return 0, time.Time{}
	}
	last := r.last()
	if r.terms[len(r.terms)-2].Leader != pod || last.Leader == pod || last.Leader == "" || !now.Before(last.settled) {
		return 0, time.Time{}
	}
	return last.Term, last.seen
}

// Note records what a watch or another replica says of the slice, which may be late: of an earlier term that is still known, it only widens
// what is known of it. wait is for how long a grant of an earlier term may be valid. It reports whether the term is higher than all before.
func (r *Record) Note(v View, now time.Time, wait time.Duration) bool {
	if !r.Known() || v.Term > r.last().Term {
		r.terms = append(r.terms, observedTerm{View: v, first: v.Generation, seen: now, settled: now.Add(wait)})
		if len(r.terms) > maxTerms {
			r.terms = slices.Delete(r.terms, 0, len(r.terms)-maxTerms)
		}
		r.settle()
		return true
	}
	for i := range r.terms {
		if t := &r.terms[i]; t.sameTerm(v) {
			t.first, t.Generation = min(t.first, v.Generation), max(t.Generation, v.Generation)
			r.settle()
		}
	}
	return false
}

// Observe records a live read that began at a time. Reads of a slice must not overlap. It returns false if the read says nothing of the
// present, because a later term became known while it was under way.
//
// A term that falls, a slice that was made anew with a lower one, or another leader with the same term means that somebody has changed the
// past, as the restore of a backup does. Who leads then waits as if the leader had just changed.
func (r *Record) Observe(v View, began, now time.Time, wait time.Duration) bool {
	if r.Note(v, now, wait) || r.last().sameTerm(v) {
		return true
	}
	if !began.After(r.last().seen) {
		return false
	}
	r.terms = []observedTerm{{View: v, first: v.Generation, seen: now, settled: now.Add(wait)}}
	return true
}

// settle lets each term that directly follows a released one begin as soon as that one's grants could. A term of nobody has no grants.
func (r *Record) settle() {
	for i := 1; i < len(r.terms); i++ {
		previous, t := &r.terms[i-1], &r.terms[i]
		direct := t.Slice == previous.Slice && t.first == previous.Generation+1
		if direct && (previous.released || previous.Leader == "") && previous.settled.Before(t.settled) {
			t.settled = previous.settled
		}
	}
}

// Release records that the pod which led the term has stepped down from it, in a session: that one holds no grant, and voids the answers to its
// earlier requests. So another session of the pod can step down soon.
// later must be of a later term with another leader, from a live read or a watch, and every replica must have vouched for the pod's session (see
// Vouch). A restore of etcd that took it back since then may have let the pod lead again with the same term, so nothing is released then.
func (r *Record) Release(pod, name string, term int64, later View, now time.Time, wait time.Duration) {
	r.Note(later, now, wait)
	if !slices.ContainsFunc(r.terms, func(t observedTerm) bool { return t.sameTerm(later) }) {
		return
	}
	delete(r.given, session{pod, name})
	for i := range r.terms {
		if t := &r.terms[i]; t.Leader == pod && t.Term == term {
			t.released = true
		}
	}
	r.settle()
}
