package observe

import "time"

const (
	// armingReplies is how often a pod must have answered before its silence means anything.
	armingReplies = 3
	// resolution is how much a silence may seem longer than it is: the clock advances in ticks.
	resolution = 50 * time.Millisecond
	// SecondAfter is how long a request is unanswered before a second connection is opened beside it.
	SecondAfter = 500 * time.Millisecond
	// StarvedWindow is how long a pod must be silent if its node lacks CPU: its kubelet takes StarvedDelay to answer.
	StarvedWindow = 3 * time.Second
	StarvedDelay  = 500 * time.Millisecond
	// RefusalGap is the pause between two attempts to connect to a pod that may have crashed.
	RefusalGap = 10 * time.Millisecond
	// refusedFor is how long a port must be refused if no kept connection ended.
	refusedFor = 300 * time.Millisecond
)

// Request is what became of a request on one connection to a pod.
type Request struct {
	// Waiting is for how long there has been no answer: for FreezeEvidence.First since the oldest request after the pod's last answer, for
	// Second since this request.
	Waiting time.Duration
	// Acknowledged says that the other kernel has all bytes of the request.
	Acknowledged bool
}

// FreezeEvidence is what an observer knows of a pod that does not answer.
type FreezeEvidence struct {
	FreezeAfter time.Duration
	// Replies is how often the pod has answered before.
	Replies int
	// First is the request that is unanswered, Second the one on another connection.
	First, Second Request
	// NodeHeard says that the pod's node, or its kernel, was heard a moment ago.
	NodeHeard bool
	// NodeDelay is how slow the node's kubelet answers; zero if it is not known.
	NodeDelay time.Duration
	// SinceStall is how long ago the observer itself last stood still; negative for never.
	SinceStall time.Duration
}

// Frozen reports whether the pod's process hangs. What shows it is that the pod's kernel has acknowledged the request while nobody answers,
// on two connections. Bytes that are not acknowledged show a broken path or a policy, and never a hang.
func (e FreezeEvidence) Frozen() bool {
	window := e.FreezeAfter
	if e.NodeDelay > StarvedDelay {
		window = max(window, StarvedWindow)
	}
	return e.FreezeAfter > 0 && e.Replies >= armingReplies && e.First.Waiting >= window+resolution &&
		e.First.Acknowledged &&
		e.Second.Acknowledged && e.Second.Waiting >= window-SecondAfter-2*Tick &&
		e.NodeHeard && (e.SinceStall < 0 || e.SinceStall >= Lively)
}

// CrashEvidence is what an observer knows of a pod whose port is refused.
type CrashEvidence struct {
	// Replies is how often the pod has answered before.
	Replies int
	// Ended says that the pod's side ended a kept connection, or one with a request on it.
	Ended bool
	// Refusals is how many attempts to connect were refused in a row, over what time.
	Refusals int
	Over     time.Duration
}

// Crashed reports whether nothing listens any more. One refusal is no proof. Without the end of a connection it takes longer, because a
// policy that rejects packets looks the same.
func (e CrashEvidence) Crashed() bool {
	if e.Replies == 0 {
		return false
	}
	if e.Ended {
		return e.Refusals >= 2
	}
	return e.Refusals >= 3 && e.Over >= refusedFor
}
