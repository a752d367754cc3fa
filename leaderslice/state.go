package leaderslice

import (
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
)

// Leader is the pod that a slice names.
type Leader struct {
	UID  types.UID
	Name string
	Node string
	// Ready is the endpoint's condition: false for a terminating pod that leads because no other pod can.
	Ready bool
}

// State is who leads a Service. Each change of leader, also to nobody, begins a new term.
type State struct {
	// Leader is zero if nobody leads.
	Leader Leader
	// Term never decreases. It is the API server's time of the change in milliseconds since 1970, or the previous term plus one if that is
	// more. It is zero if it is missing or cannot be parsed.
	Term int64
	// Since is when the leader changed, and Reason why. Since is zero if it is missing or cannot be parsed.
	Since  time.Time
	Reason string
}

// Slice is what one EndpointSlice said at one resourceVersion.
type Slice struct {
	Name            string
	UID             types.UID
	ResourceVersion string

	// State is what the slice says about the leader.
	State State
	// Basis is how much its writer had seen, and WrittenTerm the term that it was written with, even if someone has edited the term since.
	Basis       Basis
	WrittenTerm int64
	// Leaving is the previous leader, if the leadership moved when that pod's deletion was admitted.
	Leaving Leaving
	// Losses are the moves by a verdict, on the slice of the primary family.
	Losses Losses
	// OldLeader is the pod from which the voluntary move that began this term took the leadership, on the slice of the primary family.
	OldLeader OldLeader

	// Object is shared with the informer and must not be modified.
	Object *discoveryv1.EndpointSlice
}

// Basis has the newest resourceVersions of pods and of Services from which a commit was decided, and that of the Lease that the Service
// follows; empty if it follows none. A replica that has not seen these must not decide.
//
// The Lease's version orders its holders: of two with different UIDs, neither is known to be the newer one otherwise, and not everything that
// writes Leases counts leaseTransitions. Versions of all Leases can be compared, so the Service may also follow another one.
type Basis struct {
	Pods, Services, Lease string
}

// OlderVersion reports whether a resourceVersion is older than another. A version that cannot be compared is not older, so that no replica
// waits for one that someone made up.
func OlderVersion(version, other string) bool {
	order, err := resourceversion.CompareResourceVersion(version, other)
	return err == nil && order < 0
}

// Leaving is a pod that must not become leader until the given time. Its object may not show the departure yet.
type Leaving struct {
	Pod   types.UID
	Until time.Time
}
