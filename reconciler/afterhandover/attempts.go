package afterhandover

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

const (
	// firstPause is how long after a failure the next attempt is made. It doubles with each, up to longestPause, as often as kubectl drain tries.
	firstPause   = time.Second
	longestPause = 5 * time.Second
)

// attempts is what was tried for one Service in one term.
type attempts struct {
	term  int64
	times int
	// next is when the next attempt may be made, by the API server's time.
	next time.Time
	// problem is why the last one failed, or why there was none. refused says that it was a budget.
	problem string
	refused bool
	// unanswered says that the API server may have carried one out that failed.
	unanswered bool
	// over says that nothing more is to be done in this term.
	over bool
}

// failed returns the attempts with another one that has failed.
func (a attempts) failed(became result, problem string, now time.Time) attempts {
	wait := firstPause
	for range a.times {
		wait = min(2*wait, longestPause)
	}
	return attempts{
		term: a.term, times: a.times + 1, next: now.Add(wait), problem: problem,
		refused: became == resultRefused, unanswered: a.unanswered || became == resultUnanswered,
	}
}

// memory has the attempts of this replica.
type memory struct {
	mu sync.Mutex
	// known has the attempts of the last term in which there was an old leader. forget removes those of a Service that no longer has any, which
	// the event of its slice tells.
	known map[types.NamespacedName]attempts
}

// attemptsOf returns the attempts for a Service in a term.
func (m *memory) attemptsOf(key types.NamespacedName, term int64) attempts {
	m.mu.Lock()
	defer m.mu.Unlock()
	if known := m.known[key]; known.term == term {
		return known
	}
	return attempts{term: term}
}

func (m *memory) set(key types.NamespacedName, tried attempts) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil {
		m.known = map[types.NamespacedName]attempts{}
	}
	m.known[key] = tried
}

func (m *memory) forget(key types.NamespacedName) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.known, key)
}
