package informers

import (
	"sync"

	"k8s.io/apimachinery/pkg/types"
)

// StaticNamed are NamedObjects that no informer changes. Without Set, nothing is known of any object.
type StaticNamed struct {
	changed NamedHandler
	mu      sync.Mutex
	found   map[types.NamespacedName]Found
}

// NewStaticNamed returns a StaticNamed that tells a handler what Set changes.
func NewStaticNamed(changed NamedHandler) *StaticNamed {
	return &StaticNamed{changed: changed, found: map[types.NamespacedName]Found{}}
}

// Set sets what is known of an object.
func (s *StaticNamed) Set(name types.NamespacedName, found Found) {
	s.mu.Lock()
	before := s.found[name]
	s.found[name] = found
	s.mu.Unlock()
	s.changed(name, before.Object, found.Object)
}

// Get implements NamedObjects.
func (s *StaticNamed) Get(name types.NamespacedName) Found {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.found[name]
}

// Watch implements NamedObjects.
func (s *StaticNamed) Watch(types.NamespacedName) {}

// Stop implements NamedObjects.
func (s *StaticNamed) Stop(types.NamespacedName) {}
