package leaderslice

import (
	"time"
)

// A term is the API server's time in milliseconds since 1970 when the leader changed, or one more than the highest before. So it also
// grows over what nobody remembers: a Service that opts out and in again, a leader Service that is deleted, a backup that is restored.

// FirstTermLead is how far ahead of the time a first term is. Nobody may remember the terms of an earlier leader Service of the name,
// and the last of them may be as far ahead; also, clocks differ by a second, and a creation's time is cut to one.
const FirstTermLead = 2 * time.Second

// unseenTerms is how many terms a slice may have had, since the highest that this replica has seen, before someone deleted it: more than
// there are commits in the time that an informer lags behind. By whatever clock, none of them is given to another leader.
const unseenTerms = 100

// NextTerm is the term of the next change of leader; highest is the highest ever seen. recorded says that a slice says who leads. If
// none does, because there was none yet or someone has deleted it, the terms that it had last may be known to nobody.
func NextTerm(highest int64, created, now time.Time, recorded bool) int64 {
	term := max(highest+1, now.UnixMilli(), created.Add(FirstTermLead).UnixMilli())
	if !recorded {
		term = max(term, highest+unseenTerms, now.Add(FirstTermLead).UnixMilli())
	}
	return term
}
