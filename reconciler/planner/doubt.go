package planner

import (
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/retry"
)

// Observer notices losses that the API does not show, or not yet (see package observe/watch). A verdict is a loss that every replica may act
// upon; it is only a reason to prefer a pod that was heard.
type Observer interface {
	// Set says what to watch for a Service, and Forget that nothing is to be watched any more.
	Set(service types.NamespacedName, observed observe.Service)
	Forget(service types.NamespacedName)
	// Verdict returns why a pod of the Service is believed lost now.
	Verdict(service types.NamespacedName, pod types.UID) observe.Verdict
	// Heard reports whether a candidate of the Service was heard a moment ago, while its leader is suspected.
	Heard(service types.NamespacedName, pod types.UID) bool
	// HeardFor returns for how long a pod has been heard without a gap; zero if it is not watched.
	HeardFor(service types.NamespacedName, pod types.UID) time.Duration
}

const (
	// MarkedAtLeast is how long a pod from which a verdict has moved the leadership does not lead again, if another pod can.
	MarkedAtLeast = 10 * time.Second
	// heardAgainFor is how long a replica must have heard such a pod itself.
	heardAgainFor = 3 * time.Second
	// recheckMarks is how often it is looked again whether a pod was heard for so long.
	recheckMarks = 5 * time.Second
)

// losses returns the moves by verdict that the primary slice records, as far as they count now.
func (in Input) losses(now time.Time) leaderslice.Losses {
	primary, exists := in.slice(leaderslice.PrimaryFamily(in.LeaderService))
	if !exists {
		return leaderslice.Losses{}
	}
	return primary.Losses.Current(now)
}

// doubt adds to the candidates what is doubted about them: by the observer, and by the marks on the slice. If it is too early for another
// move by verdict, it leaves out the verdict on the leader, and returns when it will be time.
//
// No verdict moves the leader to a pod that has a mark, lifted or not. Of two replicas each of which hears one of two pods only, each would
// else move the leader to the pod that it hears, again and again.
func (in Input) doubt(candidates []election.Candidate, losses leaderslice.Losses, leader types.UID, now time.Time) (heldBack time.Time) {
	key := in.key()
	for i := range candidates {
		c, uid := &candidates[i], types.UID(candidates[i].UID)
		mark, found := losses.Mark(uid)
		c.Marked = found && !in.lifted(mark, now)
		if in.Observer == nil {
			continue
		}
		c.Heard = !found && in.Observer.Heard(key, uid)
		c.Lost = election.Reason(in.Observer.Verdict(key, uid))
		if next := losses.NextAllowed(); uid == leader && c.Lost != "" && now.Before(next) {
			c.Lost, heldBack = "", next
		}
	}
	return heldBack
}

// lifted reports whether a marked pod may lead again: some time has passed, and this replica has heard the pod for a while.
func (in Input) lifted(mark leaderslice.Mark, now time.Time) bool {
	return in.Observer != nil && now.Sub(mark.At) >= MarkedAtLeast && in.Observer.HeardFor(in.key(), mark.Pod) >= heardAgainFor
}

// RecheckDoubt returns after how long a doubt may be over, although no event says so; zero if there is none. The marks are those that the
// slice has once the plan is written.
func (in Input) RecheckDoubt(p Plan, now time.Time) time.Duration {
	var after time.Duration
	sooner := func(d time.Duration) { after = retry.MinNonZero(after, max(d, time.Millisecond)) }
	if !p.heldBack.IsZero() {
		sooner(p.heldBack.Sub(now))
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

// key returns the name of the source Service.
func (in Input) key() types.NamespacedName {
	return types.NamespacedName{Namespace: in.Source.Namespace, Name: in.Source.Name}
}
