package leaderslice

import (
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Leader is the pod that a slice names.
type Leader struct {
	UID  types.UID
	Name string
	Node string
	// Ready is what the slice says of it: false for one that terminates and is only kept because nobody follows.
	Ready bool
}

// State is who leads a Service. Every change of leader, also to nobody, has a term of its own.
type State struct {
	// Leader is zero when nobody leads.
	Leader Leader
	// Term only grows. It is the API server's time in milliseconds since 1970 when the leader changed, or one more than the term
	// before if that is later. Zero is a term that is missing or cannot be read.
	Term   int64
	Since  time.Time
	Reason string
}

// Slice is what one EndpointSlice said at one resourceVersion.
type Slice struct {
	Name            string
	UID             types.UID
	ResourceVersion string

	// State is what it says of the leader.
	State State
	// Basis is how much its writer had seen, and Remembered the term that it was written with, also when someone has changed that since.
	Basis      Basis
	Remembered int64
	// Leaving is a pod whose deletion was admitted when the leader was moved away from it.
	Leaving Leaving

	// Object is shared with the informer and must not be modified.
	Object *discoveryv1.EndpointSlice
}

// Basis are the newest resourceVersions, of the pods and of the Services, that a commit was decided upon. A replica that has not
// seen as much must not act upon what it sees.
type Basis struct {
	Pods, Services string
}

// Leaving is a pod that must not become leader before a time, although it may look as if it stayed.
type Leaving struct {
	Pod   types.UID
	Until time.Time
}

// longestAhead is how far ahead of the time a term may be and still be believed. Terms get ahead of it only while they grow faster than
// one each millisecond, or by clocks that differ.
const longestAhead = time.Minute

// Believable reports whether a term can be one that Tanist has given.
func Believable(term int64, now time.Time) bool {
	return term > 0 && term <= now.Add(longestAhead).UnixMilli()
}
