package status

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/lease"
)

// Leases are Leases that Services follow, as far as the user may read them.
type Leases map[types.NamespacedName]Followed

// Followed is a Lease that a Service follows, as it was read.
type Followed struct {
	lease.View
	// At is when.
	At time.Time
}

// Follows returns the Lease that a Service follows; false if it follows none.
func Follows(service *corev1.Service) (types.NamespacedName, bool) {
	options, _ := config.ParseOptions(service)
	return types.NamespacedName{Namespace: service.Namespace, Name: options.FollowLease}, options.FollowLease != ""
}

// Of returns the Lease that a Service follows; nil if it follows none, or if nothing is known of it.
func (l Leases) Of(service *corev1.Service) *Followed {
	name, _ := Follows(service)
	if followed, known := l[name]; known {
		return &followed
	}
	return nil
}

// followWarnings returns what is wrong with the Lease that the Service follows. Without the Lease, which the user may not be allowed to read,
// nobody knows.
func (f findings) followWarnings(l Leader) []Warning {
	name, followed := f.wanted.FollowLease, f.Leases.Of(f.Service)
	if followed == nil || !f.PodsKnown || f.leaderService == nil {
		return nil
	}
	const stays = "; the leader stays while it serves, and no other pod follows it"
	identity := lease.Holder(followed.Lease)
	switch followed.State(f.pods, followed.At) {
	case lease.Missing:
		return []Warning{{LeaseMissing, fmt.Sprintf("Lease %s does not exist: the application creates it, or %s names another one", name, config.FollowLeaseKey) + stays}}
	case lease.Vacant:
		return []Warning{{LeaseNotHeld, fmt.Sprintf("nobody holds Lease %s: the application has elected nobody", name) + stays}}
	case lease.Expired:
		return []Warning{{LeaseNotHeld, fmt.Sprintf("Lease %s has expired: %q has not renewed it since %s", name, identity,
			followed.Lease.Spec.RenewTime.UTC().Format(time.RFC3339))}}
	case lease.Replaced:
		return []Warning{{LeaseHolderUnknown, fmt.Sprintf("Lease %s is held by %q, an earlier pod of that name", name, identity) + stays}}
	case lease.UnknownHolder:
		return []Warning{{LeaseHolderUnknown, fmt.Sprintf("Lease %s is held by %q, which is none of the pods that the Service selects", name, identity) + stays}}
	case lease.Held, lease.Unreadable:
	}
	if pod := lease.PodOf(followed.Lease, f.pods); pod != nil && l.Leader == nil {
		return []Warning{{LeaseHolderNotReady, fmt.Sprintf("pod %s holds Lease %s, and cannot take traffic", pod.Name, name)}}
	}
	return nil
}
