package grant

import "time"

// changeTime is how long it may take until all replicas know of a changed duration.
const changeTime = time.Minute

// Durations is how long grants last while replicas may not agree on that, because somebody has changed it. The zero value has no duration.
type Durations struct {
	current time.Duration
	// shortest and longest are those between which replicas may not agree: the last ones, as long as changed is less than changeTime ago. Then
	// they mean nothing.
	shortest, longest time.Duration
	changed           time.Time
}

// Set tells the duration in force.
func (d *Durations) Set(current time.Duration, now time.Time) {
	if current == d.current {
		return
	}
	if d.current == 0 {
		d.shortest, d.longest = current, current
	} else if now.Sub(d.changed) >= changeTime {
		d.shortest, d.longest = d.current, d.current
	}
	d.shortest, d.longest = min(d.shortest, current), max(d.longest, current)
	d.current, d.changed = current, now
}

// Grant returns how long a grant lasts. A longer one begins when every replica waits for it.
func (d *Durations) Grant(now time.Time) time.Duration {
	if now.Sub(d.changed) >= changeTime {
		return d.current
	}
	return d.shortest
}

// Wait returns how long a replica waits for the grants of others: a tenth longer than they last, because clocks do not run at the same speed.
func (d *Durations) Wait(now time.Time) time.Duration {
	longest := d.longest
	if now.Sub(d.changed) >= changeTime {
		longest = d.current
	}
	return longest + longest/10
}
