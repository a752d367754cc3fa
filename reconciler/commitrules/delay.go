package commitrules

import "time"

const (
	// maxDelayFactor limits the delay of a commit to this many times what it is while nobody commits.
	maxDelayFactor = 20
	// busyFactor is for how many times the backup delay a backup expects others to commit again after they have. A machine that is busy with many
	// hand-overs often needs longer than one backup delay for the next one.
	busyFactor = 4
)

// Delays are how long a replica that does not go first leaves a commit to others.
type Delays struct {
	// AfterNeed is from the moment when the commit was needed, and AfterOthers from when others have last committed.
	AfterNeed, AfterOthers time.Duration
}

// BackupDelays returns the delays of a replica that may only replace lost leaders.
func BackupDelays(backupDelay time.Duration) Delays {
	return Delays{AfterNeed: backupDelay, AfterOthers: busyFactor * backupDelay}
}

// Delay returns how much longer a replica that does not go first leaves a commit to others. It waits longer while others commit, for any Service of
// the namespace. When a hundred leaders are lost at once, the replica that goes first needs longer than usual, and conflicts would only slow it
// down. Other namespaces do not count: one with leaders that flap must not delay those of all others.
func Delay(needed, othersCommitted time.Time, delays Delays, now time.Time) time.Duration {
	due := needed.Add(delays.AfterNeed)
	if next := othersCommitted.Add(delays.AfterOthers); next.After(due) {
		due = next
	}
	if latest := needed.Add(maxDelayFactor * delays.AfterNeed); due.After(latest) {
		due = latest
	}
	return max(due.Sub(now), 0)
}
