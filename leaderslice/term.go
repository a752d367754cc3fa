package leaderslice

import (
	"hash/fnv"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// A term is the API server's time of the change of leader in milliseconds since 1970, or the highest previous term plus one. So terms
// increase even if nobody remembers the previous ones: after a Service opts out and in again, after its leader Service is deleted, and after
// a backup is restored.

// FirstTermLead is how far ahead of the time a first term is. The terms of an earlier leader Service of the same name may be forgotten, and
// the last of them may be this far ahead. Also, clocks differ by a second, and creation times are truncated to seconds.
const FirstTermLead = 2 * time.Second

// unseenTerms is how many terms a deleted slice may have had after the highest that this replica has seen. It is more than there are commits
// in the time that an informer lags behind. So none of these terms is given to another leader, whatever the clocks say.
const unseenTerms = 100

// NextTerm returns the term of the next change of leader. highest is the highest term seen, and created when the leader Service was created.
// recorded reports whether a slice says who leads. If none does, because there was none yet or someone deleted it, this replica may not have
// seen its last terms. Then the term also depends on the leader: two replicas that know nothing of each other's leader, and have slow clocks,
// would both begin with the term of a new leader Service.
func NextTerm(highest int64, created, now time.Time, recorded bool, leader types.UID) int64 {
	term := max(highest+1, now.UnixMilli(), created.Add(FirstTermLead).UnixMilli())
	if !recorded {
		term = max(term, highest+unseenTerms, now.Add(FirstTermLead).UnixMilli()) + ownTerms(leader)
	}
	return term
}

// maxOwnTerms is below the time by which terms may be ahead of the time.
const maxOwnTerms = 1000

// ownTerms returns a number below maxOwnTerms that is probably another one for another leader.
func ownTerms(leader types.UID) int64 {
	if leader == "" {
		return 0
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(leader)) // never fails
	return int64(h.Sum32() % maxOwnTerms)
}

// maxTermLead is how far ahead of the time a plausible term may be. Terms get ahead only if there is more than one each millisecond, or if
// clocks differ.
const maxTermLead = time.Minute

// PlausibleTerm reports whether a term may be one that Tanist wrote.
func PlausibleTerm(term int64, now time.Time) bool {
	return term > 0 && term <= now.Add(maxTermLead).UnixMilli()
}
