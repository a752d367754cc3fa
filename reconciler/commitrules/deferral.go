package commitrules

import (
	"sync"

	"k8s.io/apimachinery/pkg/util/sets"
)

// Deferral decides whether the holder of the Lease lets other replicas go first with a departure that it has not prepared itself.
//
// The API server calls admission on one replica, and keeps its connection to it for hours. That replica has the commit ready. When it is
// not the holder of the Lease, both would commit at the same moment. One of the two writes would be wasted work for the API server, at the
// worst time. So a conflict makes the holder wait like the other replicas. If no other replica commits meanwhile, it goes first again:
// admission is not called, or not installed. It learns this for each namespace, because conflicts have other causes, too: someone who keeps
// changing slices in one namespace must not delay the hand-overs in another.
type Deferral struct {
	mu sync.Mutex
	// afterOthers has the namespaces in which the last commit had a conflict. Forget removes one.
	afterOthers sets.Set[string]
}

// Yields reports whether another replica seems to be the one that the API server calls.
func (d *Deferral) Yields(namespace string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.afterOthers.Has(namespace)
}

// Conflict records that another replica came first with a departure, or that something else changed the slice.
func (d *Deferral) Conflict(namespace string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.afterOthers == nil {
		d.afterOthers = sets.New[string]()
	}
	d.afterOthers.Insert(namespace)
}

// Forget drops what was learnt in a namespace: a commit of a departure had no conflict, or the namespace has no Service any more.
func (d *Deferral) Forget(namespace string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.afterOthers.Delete(namespace)
}
