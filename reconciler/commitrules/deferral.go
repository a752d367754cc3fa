package commitrules

import (
	"sync"
	"time"
)

const (
	// goesFirst is how long the holder of the Lease goes first in a namespace after it has waited there a second time and nobody committed.
	goesFirst = time.Minute
	// sameMoment is how long a replica may be late, with whatever leaves meanwhile.
	sameMoment = time.Second
	// forgetAfter is how long it counts that a replica was late.
	forgetAfter = 10 * time.Minute
)

// Deferral decides whether the holder of the Lease lets other replicas go first with a departure that it has not prepared itself.
//
// The API server calls admission on one replica, and keeps its connection to it for hours. That replica has the commit ready. When it is
// not the holder of the Lease, both would commit at the same moment. One of the two writes would be wasted work for the API server, at the
// worst time. So the holder waits, a little shorter than the other replicas. It cannot learn from conflicts instead: a holder that is always
// faster has none, and takes each departure for one that admission was not called for.
//
// If no other replica commits while the holder waits a second time, admission is not called, or not installed. Then the holder goes first for a
// while, before it waits again. Once is not enough: the replica that has the commits ready may be late for a moment. The holder learns this for
// each namespace, because the cause may lie in one of them.
type Deferral struct {
	mu sync.Mutex
	// alone is what the holder has learnt in each namespace.
	alone map[string]alone
}

// alone is about commits that nobody else made while the holder waited.
type alone struct {
	first, latest time.Time
	again         bool // one of them was not of the same moment as the first one
}

// Yields reports whether another replica may be the one that the API server calls.
func (d *Deferral) Yields(namespace string, now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	a := d.alone[namespace]
	return !a.again || now.Sub(a.latest) >= goesFirst
}

// NoOtherCommitted records that this replica has waited and then committed a departure itself. Another one last committed at that time, if a
// moment has passed since this replica did: in that moment it may have been this replica's own commit (see cache.Leaders.OthersCommitted).
func (d *Deferral) NoOtherCommitted(namespace string, othersCommitted, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.alone == nil {
		d.alone = map[string]alone{}
	}
	a, known := d.alone[namespace]
	if !known || now.Sub(a.latest) >= forgetAfter || othersCommitted.Sub(a.latest) >= sameMoment {
		a = alone{first: now}
	}
	a.latest, a.again = now, a.again || now.Sub(a.first) >= sameMoment
	d.alone[namespace] = a
}

// Forget drops what was learnt in a namespace: another replica came first after all, or the namespace has no Service any more.
func (d *Deferral) Forget(namespace string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.alone, namespace)
}
