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
// worst time. So the holder waits, a little shorter than the other replicas. It does not leave this to a conflict to teach: where it is always the faster
// one, none does, and each departure would look to it as if admission had not been called. If no other replica commits meanwhile, admission
// is not called, or not installed: then the holder goes first for a while, before it waits again. It learns this for each namespace,
// because nobody may commit for a reason that lies in one of them.
type Deferral struct {
	mu sync.Mutex
	// inVain is when the holder last waited in vain in a namespace. Forget removes one.
	inVain map[string]time.Time
}

// Yields reports whether another replica may be the one that the API server calls.
func (d *Deferral) Yields(namespace string, now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	waited, ok := d.inVain[namespace]
	return !ok || now.Sub(waited) >= goesFirst
}

// InVain records that this replica waited in vain: it committed a departure because nobody else did.
func (d *Deferral) InVain(namespace string, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.inVain == nil {
		d.inVain = map[string]time.Time{}
	}
	d.inVain[namespace] = now
}

// Forget drops what was learnt in a namespace: another replica came first after all, or the namespace has no Service any more.
func (d *Deferral) Forget(namespace string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.inVain, namespace)
}
