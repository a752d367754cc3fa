package failover

import (
	"cmp"
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/reconciler/commitrules"
	"github.com/tanist-dev/tanist/reconciler/planner"
)

// maxBehind is how long a replica waits for its informers to see what the writer of a slice had seen. Then it reads from the API server.
// For a verdict it reads at once: events of pods say nothing about verdicts, and none may come. The writer may have just listed the pods, and while
// no pod of a namespace changes, the other replicas learn of the list's version with a bookmark, up to a minute later.
const maxBehind = 2 * time.Second

// behindDelay is the first delay before a replica that is behind checks again. Later delays are half of the time that it has waited.
// Events enqueue the Service as well, and a replica that is behind because it lacks CPU must not spend it on checks.
const behindDelay = 10 * time.Millisecond

// errBehind asks for another decision, from a live read of the pods: the informers have been behind for too long.
var errBehind = errors.New("the informers are behind what another replica has seen")

// delay returns how long a commit waits for other replicas, or for informers that are behind. It returns errBehind when they have been
// behind for too long.
func (c *Controller) delay(key types.NamespacedName, in planner.Input, p planner.Plan, now time.Time) (time.Duration, error) {
	// On a replica that leaves commits to others, the event may have waited for as long as it lets the others commit (see enqueueForPod).
	needed := c.leaders.NeededSince(key, cmp.Or(in.LatestEvent, now))
	if in.Behind() {
		waited := now.Sub(c.leaders.BehindSince(key, now))
		if waited >= maxBehind || p.Decision.Move && p.Decision.Reason.Verdict() {
			return 0, errBehind
		}
		return max(behindDelay, min(waited/2, maxBehind-waited)), nil
	}
	if p.Decision.Move && (p.Decision.Reason == election.ReasonLeaderCrashed || p.Decision.Reason == election.ReasonLeaderFrozen) {
		return 0, nil // one replica watches each leader's process, so no other one will come first
	}
	backupDelay := in.Tuning.Commit.BackupDelay.Duration
	delays := commitrules.BackupDelays(backupDelay)
	switch {
	case !p.WritesPrimary: // whoever has written the primary slice writes this one next
		delays.AfterOthers = backupDelay
	case in.Authority == commitrules.AuthorityAll && !c.yields(key, in, p, now):
		return 0, nil // this replica goes first
	case in.Authority == commitrules.AuthorityAll: // before the backups, or none would learn that admission is not called
		delays = commitrules.Delays{AfterNeed: backupDelay * 3 / 4, AfterOthers: backupDelay * 3 / 4}
	}
	return commitrules.Delay(needed, c.leaders.OthersCommitted(key.Namespace), delays, now), nil
}

// yields reports whether the holder of the Lease lets another replica go first: the one that the API server may have called for a departure
// about which it has not called this one.
func (c *Controller) yields(key types.NamespacedName, in planner.Input, p planner.Plan, now time.Time) bool {
	return !c.servesNoAdmission && in.Preparable(p) && !c.leaders.WasAdmitted(key, p.Before.Leader.UID) && c.deferral.Yields(key.Namespace, now)
}
