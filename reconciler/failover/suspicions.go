package failover

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// suspicionDelay is how long a leader must have been believed lost before an Event says that it stays. The pods that could follow are asked
// only when the leader is suspected, so most leaders are replaced a moment after the verdict.
const suspicionDelay = 2 * time.Second

// suspicions knows since when leaders are believed lost that stay.
type suspicions struct {
	mu sync.Mutex
	// since has an entry for each Service with such a leader.
	since map[types.NamespacedName]time.Time
}

// age returns for how long the leader of a Service has been suspected. It forgets a suspicion that is over.
func (s *suspicions) age(key types.NamespacedName, suspected bool, now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	since, known := s.since[key]
	switch {
	case !suspected:
		delete(s.since, key)
		return 0
	case !known:
		if s.since == nil {
			s.since = map[types.NamespacedName]time.Time{}
		}
		s.since[key] = now
		return 0
	default:
		return now.Sub(since)
	}
}
