package informers

import (
	"context"
	"time"
)

// AwaitReadable waits until the objects of a namespace can be read, or the context ends. It does not wait for a right that is missing.
func (i *Informers) AwaitReadable(ctx context.Context, namespace string) {
	for {
		current := i.readable.Load()
		if current.of(namespace) != nil || i.refused(namespace) {
			return
		}
		select {
		case <-current.replaced:
		case <-ctx.Done():
			return
		}
	}
}

// refused reports whether the API server refuses a right that a namespace's informers need.
func (i *Informers) refused(namespace string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	s := i.byNamespace[namespace]
	if i.all != nil {
		s = i.all
	}
	return s != nil && s.refused(time.Now())
}
