package planner

import (
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
)

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
		c.SaysReady = uid == leader && c.NodeUnknown && in.Observer.SaysReady(key, uid)
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

// key returns the name of the source Service.
func (in Input) key() types.NamespacedName {
	return types.NamespacedName{Namespace: in.Source.Namespace, Name: in.Source.Name}
}
