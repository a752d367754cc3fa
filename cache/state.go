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

// State is who leads a Service. Every change of leader, also to nobody, has a term of its own: two states of one Service with the
// same term differ at most in whether the leader is ready.
type State struct {
	// Leader is zero when nobody leads.
	Leader Leader
	Term   int64
	Since  time.Time
	Reason string
}

// Slice is what one EndpointSlice said at one resourceVersion.
type Slice struct {
	Name            string
	UID             types.UID
	ResourceVersion string
	// Owner is the UID of the leader Service that it says it belongs to; empty when its labels and owner are not like ours. A slice
	// of an owner that is not ours is known, but not believed (with one exception, see inherit).
	Owner types.UID

	// State is what it says of the leader. It counts only when Intact: annotations and endpoints agree. A slice that someone
	// damaged is still known (a repair needs its resourceVersion) but not believed.
	State  State
	Intact bool

	// PodVersion is the resourceVersion of the leader's pod that its writer had seen; empty without a leader.
	PodVersion string

	// Object is shared with the informer and must not be modified.
	Object *discoveryv1.EndpointSlice
}

// newer reports whether a version comes after another of the same resource; "" comes before all. Versions that are no numbers
// (none are, since Kubernetes 1.35) are taken for newer, so that they cannot freeze what is known.
func newer(a, b string) bool {
	if b == "" {
		return a != ""
	}
	order, err := resourceversion.CompareResourceVersion(a, b)
	return err != nil || order > 0
}

// Follow is the state that is believed after a slice has said next. A term never falls; one that is taken is never believed of
// another leader, and nobody rewrites why and since when it is led.
func (s State) Follow(next State) State {
	switch {
	case s == (State{}), next.Term > s.Term:
		return next
	case next.Term == s.Term && next.Leader.UID == s.Leader.UID:
		s.Leader.Ready = next.Leader.Ready
	}
	return s
}
