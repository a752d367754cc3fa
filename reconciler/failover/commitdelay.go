package failover

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

// longestDelay is how many times backupDelay a replica leaves a commit to others at most.
const longestDelay = 20

// commitDelay is how long a replica that is not first leaves a commit to others: backupDelay from when it was needed. While others
// commit, for whatever Service, it waits on: when a hundred leaders go at once the first replica needs longer than backupDelay, and
// would only be kept from its work by the conflicts.
func commitDelay(needed, othersCommitted time.Time, backupDelay time.Duration, now time.Time) time.Duration {
	from := needed
	if othersCommitted.After(from) {
		from = othersCommitted
	}
	due := from.Add(backupDelay)
	if latest := needed.Add(longestDelay * backupDelay); due.After(latest) {
		due = latest
	}
	return max(due.Sub(now), 0)
}
