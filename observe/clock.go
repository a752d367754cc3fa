package observe

import "time"

const (
	// Tick is how often a FairClock is to be advanced.
	Tick = 20 * time.Millisecond
	// maxTick is the most that one call of Advance counts for.
	maxTick = 2 * Tick
	// stall is a gap between two calls of Advance after which answers may lie unread.
	stall = 100 * time.Millisecond
)

// FairClock counts the time in which this process ran. A process that was stopped, starved of CPU or paused with its machine finds old
// questions without answers when it goes on; the answers may be there, unread. Ages by this clock grow only while it can read them, so a
// pause of the observer delays its verdicts and never makes one. It is not safe for concurrent use.
type FairClock struct {
	last      time.Time
	now       time.Duration
	uncounted time.Duration
	// lastStall is when the latest stall ended; it is -1 before the first.
	lastStall time.Duration
}

// NewFairClock returns a clock that begins to count at the given time.
func NewFairClock(at time.Time) *FairClock { return &FairClock{last: at, lastStall: -1} }

// Advance counts the time since the last call, at most two ticks of it.
func (c *FairClock) Advance(at time.Time) {
	elapsed := max(at.Sub(c.last), 0)
	c.last = at
	c.now += min(elapsed, maxTick)
	c.uncounted += max(elapsed-maxTick, 0)
	if elapsed > stall {
		c.lastStall = c.now
	}
}

// Skip leaves out the time since the last call: nobody wanted to read anything.
func (c *FairClock) Skip(at time.Time) { c.last = at }

// Now returns the time counted so far.
func (c *FairClock) Now() time.Duration { return c.now }

// Uncounted returns the time that was not counted.
func (c *FairClock) Uncounted() time.Duration { return c.uncounted }

// LastStall returns the time at which the last stall ended, by this clock; -1 if there was none.
func (c *FairClock) LastStall() time.Duration { return c.lastStall }
