package reconciler

import "time"

// path is who committed, as metrics and Events have it.
type path string

// The paths.
const (
	// pathPrepared is the replica whose admission was called, which had the commit ready.
	pathPrepared path = "prepared"
	// pathUnprepared is the replica that holds the Lease.
	pathUnprepared path = "unprepared"
	// pathBackup is another one, because the first did not.
	pathBackup path = "backup"
)

// patience is how many times backupDelay a replica waits at most while others are at work.
const patience = 20

// sighting is what a replica has seen that makes it leave a commit to others for a while.
type sighting struct {
	// needed is when the need was first seen.
	needed time.Time
	// atWork is when another replica last gave a sign of life; zero for never.
	atWork time.Time
	// foreign is when another's commit for the same Service was seen; zero when the last one is ours.
	foreign time.Time
	// behind is true when whoever wrote that commit had seen newer pods than this replica has.
	behind bool
}

// longestLag is how long a replica whose informer of pods lags behind leaves another's commit alone. An informer that is cut off is
// back sooner; the limit is for a version that someone made up.
const longestLag = 30 * time.Second

// shortestLook keeps a backupDelay of zero from making a replica that is behind look again without a pause.
const shortestLook = 10 * time.Millisecond

// turn is how long a replica leaves a commit to others; zero when it is its own turn.
//
// Whoever goes first (see precedence) does so at once; the others wait backupDelay from when they saw the need, or from its last sign of
// life since: when a hundred leaders go at once it needs longer than backupDelay, and would only be kept from its work by the
// conflicts. And nobody overrules another's commit before backupDelay has passed since seeing it, or while its own view of the pods
// is the older one: two replicas that see pods at different times would move the leader to and fro.
func turn(first bool, seen sighting, backupDelay time.Duration, now time.Time) time.Duration {
	var wait time.Duration
	if !first {
		from := seen.needed
		if latest := seen.needed.Add((patience - 1) * backupDelay); seen.atWork.After(from) {
			from = seen.atWork
			if from.After(latest) {
				from = latest
			}
		}
		wait = from.Add(backupDelay).Sub(now)
	}
	if !seen.foreign.IsZero() {
		wait = max(wait, seen.foreign.Add(backupDelay).Sub(now))
	}
	if seen.behind && now.Before(seen.foreign.Add(longestLag)) {
		wait = max(wait, backupDelay, shortestLook) // and then look again
	}
	return max(wait, 0)
}
