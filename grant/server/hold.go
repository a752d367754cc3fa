package server

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/grant"
)

const (
	// maxHold is how long a request for a grant is held at most; not for longer than an eighth of the time that a grant lasts. Clients may give up
	// after half a second.
	maxHold = 250 * time.Millisecond
	// maxTellDelay is how long the leader before is not told that it leads no longer, while the next one has not asked yet.
	maxTellDelay = 50 * time.Millisecond
)

// successorWaits is what replicas tell each other of a leader that has asked, and waits until the one before holds no grant any more.
type successorWaits struct {
	Slice types.NamespacedName `json:"slice"`
	Term  int64                `json:"term"`
}

func (w successorWaits) valid() bool { return w.Slice.Name != "" && w.Term > 0 }

// tellSuccessorWaits has the leader before hear that it leads no longer, at whichever replica it asks.
func (s *Server) tellSuccessorWaits(ctx context.Context, told successorWaits) {
	if s.book.noteSuccessorWaits(told) {
		go s.tellAll(context.WithoutCancel(ctx), s.cluster.Replicas().Addresses, successorWaitsPath, told) // from one that is not told, it hears later
	}
}

// noteSuccessorWaits records that a leader waits, and reports whether that was not known.
func (b *book) noteSuccessorWaits(told successorWaits) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.entries[told.Slice]
	if e == nil || told.Term <= e.successorWaits {
		return false
	}
	e.successorWaits = told.Term
	e.tell()
	return true
}

// holdUntilSettled holds the request of a leader that has to wait until it need wait no longer, which saves it another request and another read.
// The read that was made for the request is enough, however long ago: a grant counts from when the request was sent, and no later leader gets
// one before this one is over.
func (s *Server) holdUntilSettled(ctx context.Context, who party, slice types.NamespacedName, given grant.Answer, give func() grant.Answer) grant.Answer {
	hold := s.book.holdFor(slice, given.RetryAfter)
	if hold == 0 || !s.limits.beginHold(who) {
		return given
	}
	defer s.limits.endHold(who)
	changes, end := s.book.subscribe([]types.NamespacedName{slice})
	defer end()
	over := time.NewTimer(hold)
	defer over.Stop()
	for {
		if given = give(); given.Refusal != grant.Settling {
			return given
		}
		settled := time.NewTimer(given.RetryAfter)
		select {
		case <-changes:
		case <-settled.C:
		case <-over.C:
			return give()
		case <-ctx.Done():
			return given
		case <-s.stopping:
			return given
		}
		settled.Stop()
	}
}

// holdFor returns for how long to hold a request of a leader that has to wait for a time: not at all if nothing can end the wait by then. A replica
// that has just started waits in any case, and the leader may have a grant of another one.
func (b *book) holdFor(slice types.NamespacedName, wait time.Duration) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	duration, _ := b.updateDurations(time.Now())
	hold := min(duration/8, maxHold)
	if wait > hold && !b.entry(slice).record.KnowsEarlier() {
		return 0
	}
	return hold
}

// tellDelay returns for how long a pod need not be told yet that it leads no longer. The next leader has to ask, and its read takes longer than all
// else in a hand-over. Nobody has a grant meanwhile if the leader before ends its own at once. So it is told when the next one's request waits
// for that.
func (b *book) tellDelay(slices []types.NamespacedName, pod string) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	now, longest := time.Now(), time.Duration(0)
	for _, slice := range slices {
		if e := b.entries[slice]; e != nil {
			if term, seen := e.record.FollowedBy(pod, now); term > e.successorWaits {
				longest = max(longest, maxTellDelay-now.Sub(seen))
			}
		}
	}
	return longest
}
