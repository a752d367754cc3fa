package failover

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/disruption"
)

// input is all that a decision about one Service looks at. Its objects are shared with the informers.
type input struct {
	source        *corev1.Service
	leaderService *corev1.Service
	options       config.Options
	tuning        config.Tuning
	pods          []*corev1.Pod
	// disruptions is what else is known of the pods.
	disruptions disruption.Disruptions
	record      cache.Record
	// seen is how much of the pods and the Services was known when the pods were listed.
	seen leaderslice.Basis
	// live says that the pods, too, were read from the API server.
	live bool
	// authority is what this replica may change.
	authority authority
	// departing says which pods are about to go although their objects do not say so yet; nil for none.
	departing func(types.UID) bool
	// trigger is when the event that led here arrived; zero when it was no event (a retry, a timer, a start).
	trigger time.Time
}

// with returns the input with what is known of the slices.
func (s input) with(record cache.Record) input {
	s.record = record
	return s
}

// slice is the one of a family that the leader Service has; false when there is none, or one that is not ours and cannot be.
func (s input) slice(family discoveryv1.AddressType) (leaderslice.Slice, bool) {
	slice, exists := s.record.Slices[leaderslice.Name(s.leaderService.Name, family)]
	if !exists || !s.owns(slice.Object) {
		return leaderslice.Slice{}, false
	}
	return slice, true
}

// taken reports whether the name of a family's slice is that of one which is not ours.
func (s input) taken(family discoveryv1.AddressType) bool {
	slice, exists := s.record.Slices[leaderslice.Name(s.leaderService.Name, family)]
	return exists && !s.owns(slice.Object)
}

func (s input) owns(slice *discoveryv1.EndpointSlice) bool {
	return leaderslice.OwnsSlice(slice, s.leaderService) || leaderslice.AdoptableSlice(slice, s.leaderService)
}

// recorded is who leads by the API, and the highest term that was ever seen. The primary family's slice says who leads. When it does
// not exist the leader Service does: its annotations are a copy. A term that is not believed is 0.
func (s input) recorded(now time.Time) (state leaderslice.State, highest int64) {
	if leaderslice.PlausibleTerm(s.record.Highest, now) {
		highest = s.record.Highest
	}
	for i, family := range leaderslice.Families(s.leaderService) {
		slice, exists := s.slice(family)
		if !exists {
			continue
		}
		if i == 0 {
			state = slice.State
		}
		for _, term := range []int64{slice.State.Term, slice.WrittenTerm} {
			if leaderslice.PlausibleTerm(term, now) {
				highest = max(highest, term)
			}
		}
	}
	if mirrored := leaderslice.ParseTerm(s.leaderService.Annotations); leaderslice.PlausibleTerm(mirrored, now) {
		highest = max(highest, mirrored)
	}
	nameOnly := state.Leader.UID == "" && state.Leader.Name != "" // someone may have written another name
	if !leaderslice.PlausibleTerm(state.Term, now) || state.Term < highest || nameOnly {
		state.Term = 0
	}
	if _, exists := s.slice(leaderslice.PrimaryFamily(s.leaderService)); !exists {
		state = mirroredState(s.leaderService)
	}
	state.Leader = s.identify(state)
	return state, highest
}

// mirroredState is who leads by the annotations of the leader Service. They may be older than the slices were, so their term is not
// believed.
func mirroredState(leaderService *corev1.Service) leaderslice.State {
	state := leaderslice.State{Reason: leaderService.Annotations[config.ReasonKey]}
	state.Since, _ = time.Parse(time.RFC3339, leaderService.Annotations[config.LeaderSinceKey])
	state.Leader.Name = leaderService.Annotations[config.LeaderKey]
	return state
}

// unknownUID is that of a leader of whom only the name is left. No pod has it, so that its term is not given to anyone else.
const unknownUID types.UID = "unknown"

// identify finds the leader's pod where only the name or only the UID is known.
func (s input) identify(state leaderslice.State) leaderslice.Leader {
	leader := state.Leader
	switch {
	case leader.UID == "" && leader.Name == "":
		return leaderslice.Leader{}
	case leader.UID == "":
		for _, pod := range s.pods {
			// A pod that was made later has only the leader's name.
			if pod.Name == leader.Name && !pod.CreationTimestamp.After(state.Since) {
				return leaderslice.Leader{UID: pod.UID, Name: pod.Name, Node: pod.Spec.NodeName, Ready: true}
			}
		}
		leader.UID = unknownUID
	default:
		if pod := s.pod(leader.UID); pod != nil {
			leader.Name, leader.Node = pod.Name, pod.Spec.NodeName
		}
	}
	return leader
}

// pod is the one with this UID; nil when there is none.
func (s input) pod(uid types.UID) *corev1.Pod {
	for _, pod := range s.pods {
		if uid != "" && pod.UID == uid {
			return pod
		}
	}
	return nil
}

// behind reports whether a slice was written by someone who had seen more of the pods or the Services than this replica has.
func (s input) behind() bool {
	written := s.written()
	return !s.live && (before(s.seen.Pods, written.Pods) || before(s.seen.Services, written.Services))
}

// written is how much the writers of the slices had seen. Each family counts: when an address of one family changes, only that one's
// slice is written.
func (s input) written() leaderslice.Basis {
	var written leaderslice.Basis
	for _, family := range leaderslice.Families(s.leaderService) {
		if slice, exists := s.slice(family); exists {
			written.Pods, written.Services = later(written.Pods, slice.Basis.Pods), later(written.Services, slice.Basis.Services)
		}
	}
	return written
}

// basis is what a commit is decided upon: the newest versions of what was looked at, a deletion of a pod included. What the slices
// say already is kept, unless it turned out that nobody can have seen as much.
func (s input) basis() leaderslice.Basis {
	basis := leaderslice.Basis{Pods: s.record.Pods, Services: s.source.ResourceVersion}
	// What was observed of this Service's pods is nothing at first, may have arrived after they were listed, and may be of a time that
	// a restore of etcd has undone.
	if basis.Pods == "" || before(s.seen.Pods, basis.Pods) {
		basis.Pods = s.seen.Pods
	}
	for _, pod := range s.pods {
		basis.Pods = later(basis.Pods, pod.ResourceVersion)
	}
	basis.Services = later(basis.Services, s.leaderService.ResourceVersion)
	if written := s.written(); !s.live {
		basis.Pods, basis.Services = later(basis.Pods, written.Pods), later(basis.Services, written.Services)
	}
	return basis
}

// before reports whether a version comes before another. Versions that cannot be compared come before none: nobody waits for one
// that someone made up.
func before(version, other string) bool {
	order, err := resourceversion.CompareResourceVersion(version, other)
	return err == nil && order < 0
}

// later is the later of two versions.
func later(a, b string) string {
	if a == "" || before(a, b) {
		return b
	}
	return a
}

func incumbent(state leaderslice.State) election.Incumbent {
	return election.Incumbent{
		UID: string(state.Leader.UID), Name: state.Leader.Name, Node: state.Leader.Node,
		Since: state.Since, Reason: election.Reason(state.Reason),
	}
}
