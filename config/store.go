package config

import (
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
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

// Stale says whether the last content applied was wrong, so that an older tuning is still in force.
func (s *Store) Stale() bool {
	return s.stale.Load()
}

// Apply puts the ConfigMap's tuning in force and says whether that changed anything; nil, a ConfigMap that does not exist, means the
// defaults. When the content is wrong the tuning in force stays, and the errors say what is wrong. One caller at a time, or an older
// ConfigMap may come last.
func (s *Store) Apply(configMap *corev1.ConfigMap) (changed bool, errs field.ErrorList) {
	tuning, errs := ParseTuningConfigMap(configMap)
	s.stale.Store(len(errs) > 0)
	if len(errs) > 0 {
		return false, errs
	}
	previous := s.inForce.Swap(&tuning)
	return !previous.Equal(tuning), nil
}
