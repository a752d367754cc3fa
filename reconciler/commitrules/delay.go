package commitrules

import "time"

// maxDelayFactor limits the delay of a commit to this many times the backup delay.
const maxDelayFactor = 20

// Delay returns how long a replica that does not go first leaves a commit to others: backupDelay, from the moment when the commit was
// needed. It waits longer while others commit, for any Service of the namespace. When a hundred leaders are lost at once, the replica that goes first
// needs longer than backupDelay, and conflicts would only slow it down. Other namespaces do not count: one with leaders that flap must not delay
// those of all others.
func Delay(needed, othersCommitted time.Time, backupDelay time.Duration, now time.Time) time.Duration {
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
