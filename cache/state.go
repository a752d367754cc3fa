package cache

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

// newer reports whether a version comes after another of the same resource; "" comes before all. Versions that are no numbers
// (none are, since Kubernetes 1.35) are taken for newer, so that they cannot freeze what is known.
func newer(a, b string) bool {
	if a == "" || b == "" {
		return a != ""
	}
	order, err := resourceversion.CompareResourceVersion(a, b)
	return err != nil || order > 0
}
