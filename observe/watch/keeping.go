package watch

import (
	"context"
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
	ctx, cancel = context.WithTimeout(ctx, secondWithin)
	defer cancel()
	second, err := probe.Dial(ctx, how)
	if err != nil {
		return keepingUnknown
	}
	defer second.Close()
	if second.Ask(ctx) != nil {
		return keepingNot
	}
	return keepingWell
}
