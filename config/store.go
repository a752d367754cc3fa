package config

import (
	"sync/atomic"
)

// Store holds the tuning in force. Reading it takes no lock, so the way of a hand-over may.
type Store struct {
	inForce atomic.Pointer[Tuning]
	stale   atomic.Bool
}

// NewStore holds the defaults.
func NewStore() *Store {
	s := &Store{}
	tuning := DefaultTuning()
	s.inForce.Store(&tuning)
	return s
}

// Load returns the tuning in force.
func (s *Store) Load() Tuning {
	return *s.inForce.Load()
}

// Stale says whether the ConfigMap that was applied last was wrong, so that another tuning than its own is in force.
func (s *Store) Stale() bool {
	return s.stale.Load()
}

// Apply puts a tuning in force and says whether that changed anything. What was in force before has no influence: replicas that see
// the same ConfigMaps have the same tuning. One caller at a time, or an older tuning may come last.
func (s *Store) Apply(resolved ResolvedTuning) (changed bool) {
	s.stale.Store(len(resolved.Errors) > 0)
	previous := s.inForce.Swap(&resolved.Tuning)
	return !previous.Equal(resolved.Tuning)
}
