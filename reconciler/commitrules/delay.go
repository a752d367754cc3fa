package commitrules

import "time"

// maxDelayFactor limits the delay of a commit to this many times the backup delay.
const maxDelayFactor = 20

// Delay returns how long a replica that does not go first leaves a commit to others: backupDelay, from the moment when the commit was
// needed. It waits longer while others commit, for any Service, and twice as long as they took for the last one. When a hundred leaders
// are lost at once, or the API server is slow, the replica that goes first needs longer than backupDelay, and conflicts would only slow it
// down. What others did more than the longest delay ago says nothing: they may be gone since.
func Delay(needed, othersCommitted time.Time, othersTook, backupDelay time.Duration, now time.Time) time.Duration {
	longest, delay := maxDelayFactor*backupDelay, backupDelay
	if needed.Sub(othersCommitted) < longest {
		delay = max(delay, 2*othersTook)
	}
	from := needed
	if othersCommitted.After(from) {
		from = othersCommitted
	}
	due := from.Add(delay)
	if latest := needed.Add(longest); due.After(latest) {
		due = latest
	}
	return max(due.Sub(now), 0)
}
