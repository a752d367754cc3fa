package leader

import "time"

// moment is one moment by three clocks.
type moment struct {
	// at has the monotonic clock, which stops while the machine is suspended, and the wall clock, which somebody may set.
	at time.Time
	// boot is the time since the machine has started, by a clock that does not stop; zero where there is none.
	boot time.Duration
}

func now() moment { return moment{at: time.Now(), boot: sinceBoot()} }

// until returns the time from one moment to a later one, by the clock that says it is the longest. A clock that was set back says nothing.
func (m moment) until(later moment) time.Duration {
	wall := later.at.Round(0).Sub(m.at.Round(0)) // Round removes the monotonic clock
	return max(later.at.Sub(m.at), wall, later.boot-m.boot)
}
