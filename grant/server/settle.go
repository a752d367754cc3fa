package server

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/grant"
)

// maxLinger is how long the leader before is not told that it leads no longer, while the next one does not wait yet.
const maxLinger = 50 * time.Millisecond

// waiting is what replicas tell each other of a leader that waits until the one before holds no grant any more.
type waiting struct {
	Slice types.NamespacedName `json:"slice"`
	Term  int64                `json:"term"`
}

func (w waiting) valid() bool { return w.Slice.Name != "" && w.Term > 0 }

// settle holds the request of a leader that has to wait until it need wait no longer, which saves it another request and another read. The
// read that was made for the request is enough, however long ago: a grant counts from when the request was sent, and no later leader gets one
// before this one is over. The answer comes at the latest after an eighth of the duration of a grant.
func (s *Server) settle(ctx context.Context, who party, leader waiting, give func() grant.Answer) grant.Answer {
	if !s.limits.begin(who) {
		return give()
	}
	defer s.limits.end(who)
	s.book.waits(leader)
	go s.tellAll(context.WithoutCancel(ctx), s.cluster.Replicas().Addresses, waitingPath, leader) // the old leader hears a moment later from one that is not told
	changes, end := s.book.subscribe([]types.NamespacedName{leader.Slice})
	defer end()
	over := time.NewTimer(s.book.grantLasts() / 8)
	defer over.Stop()
	for {
		given := give()
		if given.Refusal != grant.Settling {
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

// waits records that a leader waits, and tells the leader before.
func (b *book) waits(leader waiting) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e := b.entries[leader.Slice]; e != nil && leader.Term > e.waiting {
		e.waiting = leader.Term
		e.tell()
	}
}

// linger returns for how long a pod need not be told yet that it leads no longer. The next leader has to ask, and its read takes longer than all
// else in a hand-over. Nobody has a grant meanwhile if the leader before ends its own at once. So it is told when the next one's request waits
// for that.
func (b *book) linger(slices []types.NamespacedName, pod string) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	now, longest := time.Now(), time.Duration(0)
	for _, slice := range slices {
		if e := b.entries[slice]; e != nil {
			if term, seen := e.record.Follows(pod, now); term > e.waiting {
				longest = max(longest, maxLinger-now.Sub(seen))
			}
		}
	}
	return longest
}
