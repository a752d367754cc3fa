package watch

import (
	"context"
	"errors"
	"time"

	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/observe/probe"
)

// keeping says whether connections to the pods of a Service may be kept open between two questions.
type keeping int

const (
	keepingUnknown keeping = iota
	keepingTried           // it is being tried
	keepingNot
	keepingWell
)

const (
	// keepAgainAfter is for how long no connection is kept to a pod that has ended one and lives.
	keepAgainAfter = 10 * time.Second
	// firstBlocked and longestBlocked are for how long none is kept to a pod that did not answer beside one.
	firstBlocked   = time.Minute
	longestBlocked = time.Hour
	// tryAgainAfter is when it is tried again on another pod whether connections can be kept.
	tryAgainAfter = 10 * time.Minute
)

// keeps reports whether the connection to a leader may be kept. A kept one ends the moment its process dies. But a server with a single
// thread would serve nobody else meanwhile, so it is tried on a pod that does not lead first: while one connection is kept, another one must
// be answered.
func (w *Watcher) keeps(ctx context.Context, p *pod) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.clock.Now()
	if now < p.keepFrom {
		return false
	}
	for _, key := range p.leads {
		s := w.services[key]
		if s == nil {
			continue
		}
		if s.keeping == keepingNot && now-s.keepingAt >= tryAgainAfter {
			s.keeping = keepingUnknown
		}
		if s.keeping == keepingUnknown {
			for i := range s.Candidates {
				if how := s.Candidates[i].Probe; how != nil && how.Kind == p.Probe.Kind {
					s.keeping = keepingTried
					go w.tryKeeping(ctx, s, *how)
					break
				}
			}
		}
		if s.keeping == keepingWell {
			return true
		}
	}
	return false
}

// tryKeeping finds out whether a pod answers on a second connection while it has a first one. An error leaves the question open.
func (w *Watcher) tryKeeping(ctx context.Context, s *service, how observe.Probe) {
	result := tryTwo(ctx, how)
	w.mu.Lock()
	defer w.mu.Unlock()
	s.keeping, s.keepingAt = result, w.clock.Now()
}

// secondWithin is how long the answer on the second connection may take. A server that serves one connection at a time is kept busy for as
// long.
const secondWithin = 800 * time.Millisecond

func tryTwo(ctx context.Context, how observe.Probe) keeping {
	ctx, cancel := context.WithTimeout(ctx, giveUpAfter)
	defer cancel()
	first, err := probe.Dial(ctx, how)
	if err != nil {
		return keepingUnknown
	}
	defer first.Close()
	switch err := first.Ask(ctx); {
	case err != nil:
		return keepingUnknown
	case !first.Reusable():
		return keepingNot
	}
	switch _, err := askOnce(ctx, how, secondWithin); {
	case err == nil:
		return keepingWell
	case errors.Is(err, context.DeadlineExceeded):
		return keepingNot
	default:
		return keepingUnknown
	}
}

// servesBeside reports whether a pod answers on another connection while one is kept. The pod that was tried may have been of another revision
// than the leader. A leader that serves one connection at a time is blocked for half a second, once.
// One accident must not count for ever, so it is tried again: after a minute, and each time after twice as long, up to an hour.
func (w *Watcher) servesBeside(ctx context.Context, p *pod, how observe.Probe) bool {
	_, err := askOnce(ctx, how, observe.SecondAfter)
	if errors.Is(err, context.DeadlineExceeded) {
		w.keepNoneFor(p, min(max(2*p.unkept, firstBlocked), longestBlocked))
	}
	return err == nil
}

// keepNoneFor has no connection to a pod kept for a time.
func (w *Watcher) keepNoneFor(p *pod, d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p.unkept, p.keepFrom = d, w.clock.Now()+d
}
