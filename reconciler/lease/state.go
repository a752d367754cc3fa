package lease

import (
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/election"
)

// View is what is known of the Lease that a Service follows.
type View struct {
	// Lease is nil if it does not exist, or is not known.
	Lease *coordinationv1.Lease
	// Unread says that the Lease has not been read yet, or may not be. Refused is the API server's answer then; empty if it has not refused.
	Unread  bool
	Refused string
}

// Following returns what the Lease says about who leads, for an election.
func (v View) Following(pods []*corev1.Pod) *election.Following {
	following := &election.Following{}
	if pod := PodOf(v.Lease, pods); pod != nil && !v.Unread {
		following.Holder = string(pod.UID)
	}
	return following
}

// State is what a user has to be told of a Lease.
type State string

// The states.
const (
	// Held is a Lease of which a user need not be told: one of the Service's pods holds it, it has just been given back, or nothing is known of it yet.
	Held State = "Held"
	// Unreadable is a Lease that Tanist has no right to watch.
	Unreadable State = "Unreadable"
	// Missing is a Lease that does not exist.
	Missing State = "Missing"
	// Vacant is a Lease without a holder, for longer than it takes to pass it on.
	Vacant State = "Vacant"
	// Expired is a Lease whose holder has not renewed it in time, and that nobody else has taken since.
	Expired State = "Expired"
	// UnknownHolder is a Lease whose holder is none of the Service's pods.
	UnknownHolder State = "UnknownHolder"
	// Replaced is a Lease whose holder was an earlier pod of the same name as one of the Service's.
	Replaced State = "Replaced"
)

// State returns what a user has to be told at a time, which is the API server's.
func (v View) State(pods []*corev1.Pod, now time.Time) State {
	due, ends := OverdueFrom(v.Lease)
	overdue := ends && !now.Before(due)
	switch {
	case v.Refused != "":
		return Unreadable
	case v.Unread:
		return Held
	case v.Lease == nil:
		return Missing
	case Holder(v.Lease) == "" && (overdue || !ends):
		return Vacant
	case Holder(v.Lease) == "":
		return Held
	case overdue:
		return Expired
	case PodOf(v.Lease, pods) != nil:
		return Held
	case named(pods, PodName(v.Lease)):
		return Replaced
	default:
		return UnknownHolder
	}
}

func named(pods []*corev1.Pod, name string) bool {
	for _, pod := range pods {
		if pod.Name == name {
			return true
		}
	}
	return false
}

// passingOn is how long after its end a Lease may be without a new holder before a user is told. The candidates of client-go try every 2 s by
// default. It also covers clocks that differ, because the holder writes the time of its renewal.
const passingOn = 10 * time.Second

// OverdueFrom returns the time at which a Lease that is not renewed until then has been without a valid holder for too long: client-go's
// renewTime plus leaseDurationSeconds, and some time to pass it on. It returns false for a Lease without these, which does not end.
// client-go ends a Lease that it releases, by a duration of a second.
//
// It concerns what a user is told, and not who leads. So clocks that differ move no leader.
func OverdueFrom(lease *coordinationv1.Lease) (time.Time, bool) {
	if lease == nil || lease.Spec.RenewTime == nil || lease.Spec.LeaseDurationSeconds == nil {
		return time.Time{}, false
	}
	return lease.Spec.RenewTime.Add(time.Duration(*lease.Spec.LeaseDurationSeconds)*time.Second + passingOn), true
}
