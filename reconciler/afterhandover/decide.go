package afterhandover

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/store"
)

const (
	// delay is how long after a hand-over the old leader is evicted or called. kube-proxy applies a change within a second, and sends new
	// connections to the new leader then.
	delay = time.Second
	// tryFor is for how long this is tried. A replica that begins to hold the Lease later leaves it: by then a user may have reckoned with the
	// old leader.
	tryFor = 30 * time.Second
	// recheck is how soon to look again while the new leader does not serve.
	recheck = time.Second
)

// step is what to do now.
type step string

const (
	// stepNothing is that there is nothing to do in this term, and stepWait that there may be later.
	stepNothing step = "nothing"
	stepWait    step = "wait"
	// stepEvict and stepCall are the two actions.
	stepEvict step = "evict"
	stepCall  step = "call"
	// stepEvicted is that the old leader is being evicted, or is gone: a request has worked, although it was not answered.
	stepEvicted step = "done"
	// stepUnneeded is that an action which was due is not needed: the old leader goes anyway. stepGiveUp is that it cannot succeed.
	stepUnneeded step = "unneeded"
	stepGiveUp   step = "give up"
)

// decision is a step, and what goes with it.
type decision struct {
	step step
	// after is how long to wait.
	after time.Duration
	// url is what to call.
	url string
	// problem is why to give up, or to wait.
	problem string
}

// notServing is why nothing has been tried.
const notServing = "the new leader was not ready"

// acts reports whether the decision is to evict or to call.
func (d decision) acts() bool { return d.step == stepEvict || d.step == stepCall }

// decide returns what to do about the old leader now, by the API server's time.
func decide(in input, now time.Time) decision {
	due := in.state.Since.Add(delay)
	left := due.Add(tryFor).Sub(now)
	switch {
	case in.options == (config.AfterHandover{}), in.old == (leaderslice.OldLeader{}), in.tried.over:
		return decision{step: stepNothing}
	case due.Sub(now) > tryFor, left <= 0 && in.tried.problem == "": // a time that someone has edited, or old news
		return decision{step: stepNothing}
	case now.Before(due):
		return decision{step: stepWait, after: due.Sub(now)}
	case in.evictedUnanswered():
		return decision{step: stepEvicted}
	case !in.needsAction():
		return decision{step: stepUnneeded}
	case left <= 0:
		return decision{step: stepGiveUp, problem: in.tried.problem}
	case now.Before(in.tried.next):
		return decision{step: stepWait, after: min(in.tried.next.Sub(now), left)}
	case in.state.Leader.UID == "" || !in.state.Leader.Ready:
		// The old leader may be needed again.
		return decision{step: stepWait, after: min(recheck, left), problem: notServing}
	}
	return in.action()
}

// evictedUnanswered reports whether the old leader is being evicted, or is gone, after this replica has asked for that and had no answer: it says
// nothing about what the API server has done.
func (in input) evictedUnanswered() bool {
	switch {
	case !in.options.Evict || !in.tried.unanswered:
		return false
	case in.gone:
		return true
	case in.pod == nil || in.pod.DeletionTimestamp == nil:
		return false
	}
	disrupted := store.PodCondition(in.pod, corev1.DisruptionTarget)
	return disrupted != nil && disrupted.Status == corev1.ConditionTrue
}

// needsAction reports whether the old leader still serves, and does not lead. One that is gone, was replaced by another pod of the same name,
// is being deleted or is not ready has no connections that would have to be ended, or loses them anyway.
func (in input) needsAction() bool {
	if in.pod == nil || in.pod.UID != in.old.UID || in.pod.DeletionTimestamp != nil || in.old.UID == in.state.Leader.UID {
		return false
	}
	ready := store.PodCondition(in.pod, corev1.PodReady)
	return ready != nil && ready.Status == corev1.ConditionTrue
}

// action returns what the Service asks for, or why it cannot be done.
func (in input) action() decision {
	if in.options.Evict {
		if problem := notEvictable(in.pod); problem != "" {
			return decision{step: stepGiveUp, problem: problem}
		}
		return decision{step: stepEvict}
	}
	url, problem := in.url()
	if problem != "" {
		return decision{step: stepGiveUp, problem: problem}
	}
	return decision{step: stepCall, url: url}
}
