package commitrules

import "time"

const (
	// maxDelayFactor limits the delay of a commit to this many times the backup delay.
	maxDelayFactor = 20
	// busyFactor is for how many times the backup delay others are expected to commit again after they have. A machine that is busy with many
	// hand-overs often needs longer than one backup delay for the next one.
	busyFactor = 4
)

// Delay returns how long a replica that does not go first leaves a commit to others: backupDelay, from the moment when the commit was
// needed. It waits longer while others commit, for any Service of the namespace: until they have not for four times backupDelay. When a hundred
// leaders are lost at once, the replica that goes first needs longer than backupDelay, and conflicts would only slow it down. Other namespaces do
// not count: one with leaders that flap must not delay those of all others.
func Delay(needed, othersCommitted time.Time, backupDelay time.Duration, now time.Time) time.Duration {
	due := needed.Add(backupDelay)
	if next := othersCommitted.Add(busyFactor * backupDelay); next.After(due) {
		due = next
	}
	if latest := needed.Add(maxDelayFactor * backupDelay); due.After(latest) {
		due = latest
	}
	return max(due.Sub(now), 0)
}
