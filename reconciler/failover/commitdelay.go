package failover

import (
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/types"
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
	if p.writesPrimary && in.authority == authorityAll && (!in.preparable(p) || !c.deferral.yields()) {
		return 0, nil // this replica goes first
	}
	return commitDelay(needed, c.leaders.OthersCommitted(), in.tuning.Commit.BackupDelay.Duration, now), nil
}

// maxDelayFactor limits the delay of a commit to this many times the backup delay.
const maxDelayFactor = 20

// commitDelay returns how long a replica that does not go first leaves a commit to others: backupDelay, from the moment when the commit was
// needed. It waits longer while others commit, for any Service. When a hundred leaders go at once, the replica that goes first needs longer
// than backupDelay, and conflicts would only slow it down.
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
