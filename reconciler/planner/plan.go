package planner

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/lease"
	"github.com/tanist-dev/tanist/retry"
)

// Plan is a decision, and the writes that carry it out.
type Plan struct {
	Decision election.Decision
	// Before is who led before the decision, After is who leads once it is committed.
	Before, After leaderslice.State
	// Writes are the slices to write, the one of the primary family first. When that write is refused, the others are not made.
	Writes []cache.Write
	// WritesPrimary says that the first write is the primary slice's. If not, that slice needs no write, or not by this replica. Probably
	// another replica is at work, so the other writes wait as a backup's do.
	WritesPrimary bool
	// Highest is the highest plausible term ever seen.
	Highest int64
	// takenNames are the names of our slices that foreign slices already have.
	takenNames []string
	// unfit are the pods to warn of: they can carry none of the Service's traffic, ready or not, or do not belong to the workload that may lead.
	unfit []unfitPod
	// candidates are the pods that the decision was about, losses the moves by verdict once the plan is written.
	candidates []election.Candidate
	losses     leaderslice.Losses
	// followedLease is the Lease that the Service follows.
	followedLease followedLease
	// by is who asked for the move, according to admission; empty if that is not known.
	by string
	// heldBack is from when on a verdict on the leader may be acted upon; zero if no verdict is held back.
	heldBack time.Time
}

// unfitPod is such a pod, and the reason.
type unfitPod struct {
	pod     *corev1.Pod
	problem string
}

// StateUnwritten returns who leads until the plan is written. Whether the leader is ready comes from the decision: a leader without an
// address of the primary family has no endpoint that says so.
func (p *Plan) StateUnwritten() leaderslice.State {
	state := p.Before
	if !p.Decision.Move && p.Decision.Leader != nil {
		state.Leader.Ready = p.Decision.Ready
	}
	return state
}

// RequeueAfter returns when to decide again if no event arrives; zero for never.
func RequeueAfter(p Plan) time.Duration {
	if len(p.takenNames) > 0 {
		return retry.MinNonZero(takenNameRecheck, p.Decision.RequeueAfter)
	}
	return p.Decision.RequeueAfter
}

// takenNameRecheck is how often a slice is tried again when another object has its name. Objects that are not ours are not watched.
const takenNameRecheck = time.Minute

// RecheckDoubt returns after how long a doubt may be over, although no event says so; zero if there is none. The marks are those that the
// slice has once the plan is written.
func (in Input) RecheckDoubt(p Plan, now time.Time) time.Duration {
	var after time.Duration
	sooner := func(d time.Duration) { after = retry.MinNonZero(after, max(d, time.Millisecond)) }
	if !p.heldBack.IsZero() {
		sooner(p.heldBack.Sub(now))
	}
	if leaving := in.leaving(now); leaving.Pod != "" {
		sooner(leaving.Until.Sub(now)) // if the pod is still there then, its departure was refused
	}
	for _, mark := range p.losses.Marks {
		age := now.Sub(mark.At)
		switch {
		case in.Pod(mark.Pod) == nil: // it can no longer lead
		case in.Observer == nil || in.lifted(mark, now):
			sooner(leaderslice.MarkFor - age)
		default:
			sooner(min(max(recheckMarks, MarkedAtLeast-age), leaderslice.MarkFor-age))
		}
	}
	return after
}

// followedLease is the Lease that a Service follows, as a plan has found it; zero for a Service that follows none.
type followedLease struct {
	name  string
	state lease.State
	// holder is the UID of the pod that holds it; empty if that is not known.
	holder types.UID
}
