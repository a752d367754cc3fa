package failover

import (
	"errors"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/reconciler/store"
)

// maxBehind is how long a replica waits for its informers to see what the writer of a slice had seen. Then it reads from the API server.
const maxBehind = 2 * time.Second

// behindDelay is the first delay before a replica that is behind checks again. Later delays are half of the time that it has waited.
// Events enqueue the Service as well, and a replica that is behind because it lacks CPU must not spend it on checks.
const behindDelay = 10 * time.Millisecond

// errBehind asks for another decision, from a live read of the pods: the informers have been behind for too long.
var errBehind = errors.New("the informers are behind what another replica has seen")

// delay returns how long a commit waits for other replicas, or for informers that are behind. It returns errBehind when they have been
// behind for too long.
func (c *Controller) delay(key types.NamespacedName, in input, p plan, now time.Time) (time.Duration, error) {
	needed := c.leaders.NeededSince(key, now)
	if in.behind() {
		waited := now.Sub(c.leaders.BehindSince(key, now))
		if waited >= maxBehind {
			return 0, errBehind
		}
		return max(behindDelay, min(waited/2, maxBehind-waited)), nil
	}
	if p.decision.Move && (p.decision.Reason == election.ReasonLeaderCrashed || p.decision.Reason == election.ReasonLeaderFrozen) {
		return 0, nil // one replica watches each leader's process, so no other one will come first
	}
	if p.writesPrimary && in.authority == authorityAll && (!in.preparable(p) || !c.deferral.yields(key.Namespace)) {
		return 0, nil // this replica goes first
	}
	return commitDelay(needed, c.leaders.OthersCommitted(), in.tuning.Commit.BackupDelay.Duration, now), nil
}

// maxDelayFactor limits the delay of a commit to this many times the backup delay.
const maxDelayFactor = 20

// commitDelay returns how long a replica that does not go first leaves a commit to others: backupDelay, from the moment when the commit was
// needed. It waits longer while others commit, for any Service. When a hundred leaders are lost at once, the replica that goes first needs
// longer than backupDelay, and conflicts would only slow it down.
func commitDelay(needed, othersCommitted time.Time, backupDelay time.Duration, now time.Time) time.Duration {
	from := needed
	if othersCommitted.After(from) {
		from = othersCommitted
	}
	due := from.Add(backupDelay)
	if latest := needed.Add(maxDelayFactor * backupDelay); due.After(latest) {
		due = latest
	}
	return max(due.Sub(now), 0)
}

// deferral decides whether the holder of the Lease lets other replicas go first with a departure that it has not prepared itself.
//
// The API server calls admission on one replica, and keeps its connection to it for hours. That replica has the commit ready. When it is
// not the holder of the Lease, both would commit at the same moment. One of the two writes would be wasted work for the API server, at the
// worst time. So a conflict makes the holder wait like the other replicas. If no other replica commits meanwhile, it goes first again:
// admission is not called, or not installed. It learns this for each namespace, because conflicts have other causes, too: someone who keeps
// changing slices in one namespace must not delay the hand-overs in another.
type deferral struct {
	mu sync.Mutex
	// afterOthers has the namespaces in which the last commit had a conflict. A commit without one, or forget, removes it.
	afterOthers sets.Set[string]
}

// yields reports whether another replica seems to be the one that the API server calls.
func (d *deferral) yields(namespace string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.afterOthers.Has(namespace)
}

// observe records how the holder's own commit of a departure ended.
func (d *deferral) observe(namespace string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case errors.Is(err, errOutdated):
		if d.afterOthers == nil {
			d.afterOthers = sets.New[string]()
		}
		d.afterOthers.Insert(namespace)
	case err == nil:
		d.afterOthers.Delete(namespace)
	}
}

// forget drops what was learnt in a namespace.
func (d *deferral) forget(namespace string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.afterOthers.Delete(namespace)
}

// evictionByAPI is the reason of the condition DisruptionTarget that an eviction writes. Nothing that writes another reason (preemption,
// taints, garbage collection) calls admission first.
const evictionByAPI = "EvictionByEvictionAPI"

// preparable reports whether a plan is for a departure that admission could have prepared.
func (in input) preparable(p plan) bool {
	if !p.decision.Move {
		return false
	}
	switch election.Reason(p.after.Reason) {
	case election.ReasonLeaderDeleted:
		return true
	case election.ReasonLeaderDisrupted:
		old := in.pod(p.before.Leader.UID)
		if old == nil {
			return false
		}
		condition := store.PodCondition(old, corev1.DisruptionTarget)
		return condition != nil && condition.Reason == evictionByAPI
	default:
		return false
	}
}
