package config

import (
	"sync/atomic"
)

// Store holds the tuning in force. Reading it takes no lock, so a hand-over may.
type Store struct {
	inForce atomic.Pointer[Tuning]
	stale   atomic.Bool
}

// NewStore returns a Store with the default tuning.
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

// Stale reports whether the last applied ConfigMap was wrong, so that another tuning is in force.
func (s *Store) Stale() bool {
	return s.stale.Load()
}

// Apply puts a tuning in force and reports whether that changed anything. The tuning before has no influence, so replicas that see the
// same ConfigMaps have the same tuning. Calls must not overlap, or an older tuning may win.
func (s *Store) Apply(resolved ResolvedTuning) (changed bool) {
	s.stale.Store(len(resolved.Errors) > 0)
	previous := s.inForce.Swap(&resolved.Tuning)
	return !previous.Equal(resolved.Tuning)
}
