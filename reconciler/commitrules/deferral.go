package commitrules

import (
	"sync"
	"time"
)

// goesFirst is how long the holder of the Lease goes first in a namespace after it has waited there and nobody committed.
const goesFirst = time.Minute

// Deferral decides whether the holder of the Lease lets other replicas go first with a departure that it has not prepared itself.
//
// The API server calls admission on one replica, and keeps its connection to it for hours. That replica has the commit ready. When it is
// not the holder of the Lease, both would commit at the same moment. One of the two writes would be wasted work for the API server, at the
// worst time. So the holder waits, a little shorter than the other replicas. It cannot learn from conflicts instead: a holder that is always
// faster has none, and takes each departure for one that admission was not called for.
//
// If no other replica commits while the holder waits, admission is not called, or not installed. Then the holder goes first for a while, before
// it waits again. It learns this for each namespace, because the cause may lie in one of them.
type Deferral struct {
	mu sync.Mutex
	// noOther is when the holder last waited in a namespace and no other replica committed. Forget removes one.
	noOther map[string]time.Time
}

// Yields reports whether another replica may be the one that the API server calls.
func (d *Deferral) Yields(namespace string, now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	waited, ok := d.noOther[namespace]
	return !ok || now.Sub(waited) >= goesFirst
}

// NoOtherCommitted records that this replica has waited and then committed a departure itself.
func (d *Deferral) NoOtherCommitted(namespace string, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.noOther == nil {
		d.noOther = map[string]time.Time{}
	}
	d.noOther[namespace] = now
}

// Forget drops what was learnt in a namespace: another replica came first after all, or the namespace has no Service any more.
func (d *Deferral) Forget(namespace string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.noOther, namespace)
}
