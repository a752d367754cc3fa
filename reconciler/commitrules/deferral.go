package commitrules

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// goesFirst is how long the holder of the Lease goes first in a namespace after it has waited there twice and nobody committed.
const goesFirst = time.Minute

// Deferral decides whether the holder of the Lease lets other replicas go first with a departure that it has not prepared itself.
//
// The API server calls admission on one replica, and keeps its connection to it for hours. That replica has the commit ready. When it is
// not the holder of the Lease, both would commit at the same moment. One of the two writes would be wasted work for the API server, at the
// worst time. So the holder waits, a little shorter than the other replicas. It cannot learn from conflicts instead: a holder that is always
// faster has none, and takes each departure for one that admission was not called for.
//
// If no other replica commits while the holder waits for two leaders, admission is not called, or not installed. Then the holder goes first for a
// while, before it waits again. One is not enough: the replica that has the commit ready may be late once. The holder learns this for each
// namespace, because the cause may lie in one of them.
type Deferral struct {
	mu sync.Mutex
	// alone is what the holder has learnt in each namespace.
	alone map[string]alone
}

// alone is about commits that nobody else made while the holder waited.
type alone struct {
	latest time.Time
	leader types.UID // whose departure was the latest; it may have led several Services
	again  bool      // the leader is not the first one
}

// Yields reports whether another replica may be the one that the API server calls.
func (d *Deferral) Yields(namespace string, now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	a := d.alone[namespace]
	return !a.again || now.Sub(a.latest) >= goesFirst
}

// NoOtherCommitted records that this replica has waited and then committed the departure of a leader itself.
func (d *Deferral) NoOtherCommitted(namespace string, leader types.UID, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.alone == nil {
		d.alone = map[string]alone{}
	}
	before, known := d.alone[namespace]
	d.alone[namespace] = alone{latest: now, leader: leader, again: known && (before.again || before.leader != leader)}
}

// Forget drops what was learnt in a namespace: another replica came first after all, or the namespace has no Service any more.
func (d *Deferral) Forget(namespace string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.alone, namespace)
}
