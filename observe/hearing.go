package observe

import (
	"slices"
	"time"
)

// Channel is a way to hear a node.
type Channel int

const (
	// Steady is a kept connection on which one question follows another. A segment that is lost at the start of an outage is sent again only
	// after a growing delay, so it shows the end of an outage late.
	Steady Channel = iota
	// Fresh is a socket of its own for each probe. The first one after an outage is answered at once.
	Fresh
	// Other is any other sign of life, for example an answer of a pod there. It does not arm.
	Other
)

const (
	// armingAnswers and armingTime are how many steady answers, and over what time, show that the steady channel works.
	armingAnswers = 20
	armingTime    = 2 * time.Second
	// freshFor is how long a fresh answer shows that fresh channels work.
	freshFor = 30 * time.Second
	// droppedFor is how long no fresh probe has been answered where new connections are dropped. Steady connections are replaced every 15 s, and
	// attempts that fail are repeated every few seconds, so at least five have failed by then: packets that are lost now and then do not look like this.
	droppedFor = 40 * time.Second
	// rearmAfter is a silence after which the next answer makes the node prove its channels anew. Until then it stays armed.
	rearmAfter = 10 * time.Second
	// forgotten is a silence after which a node no longer counts: Kubernetes has noticed it as well.
	forgotten = 2 * time.Minute
	// settled is how old an unanswered probe must be to count as one of the probes after a stall.
	settled = 150 * time.Millisecond
	// maxProbes bounds the probes that are remembered. The oldest and the latest ones matter.
	maxProbes = 64
	// delayPeriod is for how long at least the slowest answers count.
	delayPeriod = time.Minute
)

// Armed says which channels are known to work. A loss may only be concluded from channels that worked before it.
type Armed int

const (
	// NotArmed is a node that was not heard well enough.
	NotArmed Armed = iota
	// PartlyArmed is a node with steady answers or fresh ones.
	PartlyArmed
	// FullyArmed is a node with both.
	FullyArmed
)

// Hearing is what was asked of a node and heard. All times are a FairClock's. It is not safe for concurrent use.
type Hearing struct {
	// probes are the times of the probes since the node was last heard, the oldest first.
	probes []time.Duration
	// heardAt is when the node was last heard, and since when it has been heard without a gap; -1 for never.
	heardAt, heardSince time.Duration

	// steadyFrom is the first of steadyAnswers answers, freshAt the latest fresh one; -1 for none.
	steadyFrom, freshAt time.Duration
	steadyAnswers       int

	delays delays
}

// NewHearing returns the hearing of a node that nobody has asked yet.
func NewHearing() *Hearing {
	return &Hearing{heardAt: -1, heardSince: -1, steadyFrom: -1, freshAt: -1}
}

// Asked records that a probe was sent.
func (h *Hearing) Asked(now time.Duration) {
	if len(h.probes) == maxProbes {
		h.probes = slices.Delete(h.probes, 1, 2) // not the oldest one, which says since when the node is silent
	}
	h.probes = append(h.probes, now)
}

// Heard records an answer on a channel, to a probe that was sent at asked. A refusal is an answer.
func (h *Hearing) Heard(channel Channel, asked, now time.Duration) {
	age := h.Silence(now)
	if age >= rearmAfter {
		h.steadyAnswers, h.freshAt = 0, -1
	}
	if h.heardAt < 0 || age >= Suspicious {
		h.heardSince = now
	}
	h.probes, h.heardAt = h.probes[:0], now
	switch channel {
	case Steady:
		if h.steadyAnswers == 0 {
			h.steadyFrom = now
		}
		h.steadyAnswers++
		h.delays.add(now-asked, now)
	case Fresh:
		h.freshAt = now
	}
}

// ForgetFresh forgets that fresh channels have worked: what has answered on one is no longer asked.
func (h *Hearing) ForgetFresh() { h.freshAt = -1 }

// DropsNewConnections reports whether the node answers, and has for long answered on connections that were open already, and on no new one. So it is
// when its table of connections is full. A node whose fresh channels have never worked does not count: a firewall may close them.
func (h *Hearing) DropsNewConnections(now time.Duration) bool {
	return h.freshAt >= 0 && now-h.freshAt >= droppedFor && h.HeardWithin(Suspicious, now)
}

// Silence returns for how long the node has been silent: the age of the oldest probe after which nothing was heard; zero if there is none. A pause of
// the node that is shorter than a window never makes its silence reach that window, however often the node is asked.
func (h *Hearing) Silence(now time.Duration) time.Duration {
	if len(h.probes) == 0 {
		return 0
	}
	return now - h.probes[0]
}

// HeardWithin reports whether the node was last heard at most d ago.
func (h *Hearing) HeardWithin(d, now time.Duration) bool { return h.heardAt >= 0 && now-h.heardAt <= d }

// HeardFor returns for how long the node has been heard without a gap; zero if it is silent.
func (h *Hearing) HeardFor(now time.Duration) time.Duration {
	if h.heardSince < 0 || h.Silence(now) >= Suspicious {
		return 0
	}
	return now - h.heardSince
}

// UnansweredSince counts the unanswered probes that were sent after a time and had time to be answered.
func (h *Hearing) UnansweredSince(since, now time.Duration) int {
	count := 0
	for _, at := range h.probes {
		if at > since && now-at >= settled {
			count++
		}
	}
	return count
}

// Forgotten reports whether the node has been silent for so long that nothing more is concluded from that.
func (h *Hearing) Forgotten(now time.Duration) bool { return h.Silence(now) >= forgotten }

// Armed says which channels worked before the node fell silent, or work now. A node that has been silent for long is not armed: it shows
// nothing about the loss of others.
func (h *Hearing) Armed(now time.Duration) Armed {
	if h.Forgotten(now) {
		return NotArmed
	}
	until := now - h.Silence(now)
	steady := h.steadyAnswers >= armingAnswers && h.heardAt-h.steadyFrom >= armingTime
	fresh := h.freshAt >= 0 && until-h.freshAt <= freshFor
	switch {
	case steady && fresh:
		return FullyArmed
	case steady || fresh:
		return PartlyArmed
	default:
		return NotArmed
	}
}

const (
	// partlyArmedWindow is the window if a channel is missing, and the longest one that slow answers lead to.
	partlyArmedWindow = 3 * time.Second
	// afterSlowest is how much longer than a slow answer a silence must be.
	afterSlowest = 900 * time.Millisecond
)

// Window returns how long the node must be silent to be lost, for a Service that asks for lossAfter: at least
// partlyArmedWindow if a channel is not known to work, and longer if the node's answers are slow.
func (h *Hearing) Window(lossAfter, now time.Duration) time.Duration {
	if h.Armed(now) != FullyArmed {
		return max(lossAfter, partlyArmedWindow)
	}
	return max(lossAfter, min(h.delays.slow(now)+afterSlowest, partlyArmedWindow))
}

// delays remembers the slowest answers of the last one to two minutes.
type delays struct {
	from              time.Duration
	current, previous [2]time.Duration // each the slowest and the second slowest
}

func (d *delays) add(delay, now time.Duration) {
	d.turn(now)
	switch {
	case delay > d.current[0]:
		d.current[0], d.current[1] = delay, d.current[0]
	case delay > d.current[1]:
		d.current[1] = delay
	}
}

// turn begins a new period when the current one is over.
func (d *delays) turn(now time.Duration) {
	if now-d.from < delayPeriod {
		return
	}
	d.previous, d.current, d.from = d.current, [2]time.Duration{}, now
}

// slow returns the second slowest answer: of the about thousand answers in that time, one may be an accident.
func (d *delays) slow(now time.Duration) time.Duration {
	d.turn(now)
	all := []time.Duration{d.current[0], d.current[1], d.previous[0], d.previous[1]}
	slices.Sort(all)
	return all[2]
}
