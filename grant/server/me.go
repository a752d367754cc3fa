package server

import (
	"context"
	"fmt"
	"hash/fnv"
	"net/http"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/grant"
)

// me answers GET /v1/me.
func (s *Server) me(w http.ResponseWriter, r *http.Request) {
	asked, ok := s.accept(w, r)
	if !ok {
		return
	}
	if asked.wait > 0 {
		if !s.mayWait(w, asked.from) {
			return
		}
		defer s.limits.end(asked.from)
		reply(w, s.await(r.Context(), asked))
		return
	}
	answer := s.known(asked.caller)
	s.grant(r.Context(), asked, &answer)
	reply(w, answer)
}

// known returns what is known without a read. It grants nothing.
func (s *Server) known(caller Caller) me {
	answer := me{Namespace: caller.Namespace, Pod: caller.Name, UID: caller.UID, Services: make([]service, len(caller.Services))}
	hash := fnv.New64a()
	for i, known := range caller.Services {
		answer.Services[i] = service{
			Service: known.Name, LeaderService: known.LeaderService, Leads: known.Leads, Leader: known.Leader, Term: known.Term,
		}
		_, _ = fmt.Fprintln(hash, known.Name, known.LeaderService, known.Leader, known.Term, known.Leads, s.book.settled(known.Slice))
	}
	answer.Version = fmt.Sprintf("%016x", hash.Sum64())
	return answer
}

// selectionInterval is how often a request that waits looks whether other Services select the pod. Of who leads them it hears at once, or
// a moment later (see tellDelay).
const selectionInterval = time.Second

// await returns what is known when it differs from what was known in the version, or, without one, from what is known now; at the latest
// when the time is over.
func (s *Server) await(ctx context.Context, q request) me {
	caller := q.caller
	slices := make([]types.NamespacedName, len(caller.Services))
	for i := range caller.Services {
		slices[i] = caller.Services[i].Slice
	}
	changes, end := s.book.subscribe(slices)
	defer end()
	over := time.NewTimer(q.wait)
	defer over.Stop()
	again := time.NewTicker(selectionInterval)
	defer again.Stop()
	for first := true; ; first = false {
		// The first time too: something may have changed before the subscription. The address may be another pod's by now.
		if found, ok := s.lookUp(q.from); ok && found.UID == caller.UID {
			caller = found.only(q.service)
		}
		answer := s.known(caller)
		if q.version == "" && first {
			q.version = answer.Version
		}
		var delayed <-chan time.Time
		if answer.Version != q.version {
			delay := s.book.tellDelay(slices, caller.UID)
			if delay <= 0 {
				return answer
			}
			delayed = time.After(delay)
		}
		select {
		case <-changes:
		case <-delayed:
		case <-again.C:
		case <-over.C:
			return answer
		case <-ctx.Done():
			return answer
		case <-s.stopping:
			return answer
		}
	}
}

// grant asks for a grant for each Service that the caller leads, all at the same time.
func (s *Server) grant(ctx context.Context, asked request, answer *me) {
	var wg sync.WaitGroup
	for i, known := range answer.Services {
		if known.Leads {
			wg.Go(func() { s.grantOne(ctx, asked, asked.caller.Services[i].Slice, &answer.Services[i]) })
		}
	}
	wg.Wait()
}

func (s *Server) grantOne(ctx context.Context, asked request, slice types.NamespacedName, answer *service) {
	given := grant.Answer{Refusal: grant.Unread}
	if read, err := s.book.read(ctx, slice, s.live); err == nil {
		give := func() grant.Answer { return s.book.giveGrant(slice, read, asked.caller.UID, asked.session) }
		if given = give(); given.Refusal == grant.Settling {
			s.tellSuccessorWaits(ctx, successorWaits{slice, read.view.Term})
			if len(asked.caller.Services) == 1 { // an answer about several is not held up by one of them
				given = s.holdUntilSettled(ctx, asked.from, slice, given, give)
			}
		}
		if given.For > 0 {
			answer.Term = read.view.Term
		}
	}
	answer.Refused = given.Refusal
	answer.ValidForMilliseconds, answer.RetryAfterMilliseconds = given.For.Milliseconds(), milliseconds(given.RetryAfter)
	if given.Refusal == grant.NotLeader {
		answer.Leads = false
	}
	s.metrics.answered(given)
}

// milliseconds rounds up, so that a caller does not ask again too early.
func milliseconds(d time.Duration) int64 { return (d + time.Millisecond - 1).Milliseconds() }
