package grant

import "time"

// changeTime is how long it may take until all replicas know of a changed duration.
const changeTime = time.Minute

// Durations is how long grants last while replicas may not agree on that, because somebody has changed it. The zero value has no duration.
type Durations struct {
	current time.Duration
	// shortest is the shortest of those between which replicas may not agree, and longest the longest of which a grant may still be valid.
	shortest, longest time.Duration
	changed           time.Time
}

// Set tells the duration in force.
func (d *Durations) Set(current time.Duration, now time.Time) {
	if current == d.current {
		return
	}
	if d.current == 0 {
		d.current, d.shortest, d.longest = current, current, current
	}
	if d.agreed(now) {
		d.shortest = d.current
	}
	if d.expired(now) {
		d.longest = d.current
	}
	d.shortest, d.longest = min(d.shortest, current), max(d.longest, current)
	d.current, d.changed = current, now
}

// Grant returns how long a grant lasts. A longer one begins when every replica waits for it.
func (d *Durations) Grant(now time.Time) time.Duration {
	if d.agreed(now) {
		return d.current
	}
	return d.shortest
}

// agreed reports whether all replicas know of the last change.
func (d *Durations) agreed(now time.Time) bool { return now.Sub(d.changed) >= changeTime }

// expired reports whether no grant is valid that a replica has given before it knew of the last change.
func (d *Durations) expired(now time.Time) bool {
	return now.Sub(d.changed) >= changeTime+withTenth(d.longest)
}

func withTenth(d time.Duration) time.Duration { return d + d/10 }

// Wait returns how long a replica waits for the grants of others: a tenth longer than they last, because clocks do not run at the same speed.
func (d *Durations) Wait(now time.Time) time.Duration {
	if d.expired(now) {
		return withTenth(d.current)
	}
	return withTenth(d.longest)
}
