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

// keeps reports whether the connection to a leader may be kept. A kept one ends the moment its process dies. But a server with a single
// thread would serve nobody else meanwhile, so it is tried on a pod that does not lead first: while one connection is kept, another one must
// be answered.
func (w *Watcher) keeps(ctx context.Context, p *pod) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p.single {
		return false
	}
	for _, key := range p.leads {
		s := w.services[key]
		if s == nil {
			continue
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
	s.keeping = result
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
	switch err := askOnce(ctx, how, secondWithin); {
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
func (w *Watcher) servesBeside(ctx context.Context, p *pod, how observe.Probe) bool {
	err := askOnce(ctx, how, observe.SecondAfter)
	w.mu.Lock()
	defer w.mu.Unlock()
	p.single = errors.Is(err, context.DeadlineExceeded)
	return err == nil
}
