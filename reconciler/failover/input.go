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
	"github.com/tanist-dev/tanist/reconciler/commitrules"
	"github.com/tanist-dev/tanist/reconciler/disruption"
)

// input is all that a decision about one source Service depends on, besides the time. Its objects are shared with the informers.
type input struct {
	source        *corev1.Service
	leaderService *corev1.Service
	options       config.Options
	tuning        config.Tuning
	pods          []*corev1.Pod
	// disruptions is what other objects say about the future of the pods.
	disruptions disruption.Disruptions
	record      cache.Record
	// seen are the versions of the pods and the Services that the informers had seen when the pods were listed.
	seen leaderslice.Basis
	// podsReadLive says that the pods, too, were read from the API server.
	podsReadLive bool
	// authority is what this replica may change about who leads.
	authority commitrules.Authority
	// isDeparting reports whether this replica has admitted the departure of a pod whose object does not show it yet. It asks the leader
	// cache, with the own clock. When it is nil, no pod is departing.
	isDeparting func(types.UID) bool
	// observer says which pods are believed lost. It has a memory of its own, and answers in no time. It may be nil.
	observer Observer
	// trigger is the arrival of the event that caused the reconciliation; zero when no event did (a timer, a start).
	trigger time.Time
}

// withRecord returns the input with another record of the slices.
func (in input) withRecord(record cache.Record) input {
	in.record = record
	return in
}

// slice returns the leader Service's slice of a family. It returns false when there is none, or one that is neither ours nor adoptable.
func (in input) slice(family discoveryv1.AddressType) (leaderslice.Slice, bool) {
	slice, exists := in.record.Slices[leaderslice.Name(in.leaderService.Name, family)]
	if !exists || !in.owns(slice.Object) {
		return leaderslice.Slice{}, false
	}
	return slice, true
}

// nameTaken reports whether a slice that is not ours has the name of a family's slice.
func (in input) nameTaken(family discoveryv1.AddressType) bool {
	slice, exists := in.record.Slices[leaderslice.Name(in.leaderService.Name, family)]
	return exists && !in.owns(slice.Object)
}

// owns reports whether a slice is ours, or becomes ours with the next write.
func (in input) owns(slice *discoveryv1.EndpointSlice) bool {
	return leaderslice.OwnsSlice(slice, in.leaderService) || leaderslice.AdoptableSlice(slice, in.leaderService)
}

// pod returns the pod with this UID, or nil.
func (in input) pod(uid types.UID) *corev1.Pod {
	for _, pod := range in.pods {
		if uid != "" && pod.UID == uid {
			return pod
		}
	}
	return nil
}

// recordedState returns who leads according to the API, and the highest plausible term ever seen. The slice of the primary family says who
// leads. When it does not exist, the annotations of the leader Service do, which are a copy. The state's term is 0 when it is not believed:
// it is not plausible, it is below the highest term, or only the name of its leader is known.
func (in input) recordedState(now time.Time) (state leaderslice.State, highest int64) {
	highest = in.highestTerm(now)
	if primary, exists := in.slice(leaderslice.PrimaryFamily(in.leaderService)); exists {
		state = primary.State
		nameOnly := state.Leader.UID == "" && state.Leader.Name != "" // nothing confirms a name that someone may have changed
		if !leaderslice.PlausibleTerm(state.Term, now) || state.Term < highest || nameOnly {
			state.Term = 0
		}
	} else {
		state = mirroredState(in.leaderService)
	}
	state.Leader = in.identifyLeader(state)
	return state, highest
}

// highestTerm returns the highest plausible term ever seen: in the leader cache, in the slices, and in the leader Service.
func (in input) highestTerm(now time.Time) int64 {
	terms := []int64{in.record.HighestTerm, leaderslice.ParseTerm(in.leaderService.Annotations)}
	for _, family := range leaderslice.Families(in.leaderService) {
		if slice, exists := in.slice(family); exists {
			terms = append(terms, slice.State.Term, slice.WrittenTerm)
		}
	}
	highest := int64(0)
	for _, term := range terms {
		if leaderslice.PlausibleTerm(term, now) {
			highest = max(highest, term)
		}
	}
	return highest
}

// mirroredState returns who leads according to the annotations of the leader Service. They may be older than the slices were, so it leaves
// the term at 0.
func mirroredState(leaderService *corev1.Service) leaderslice.State {
	state := leaderslice.State{Reason: leaderService.Annotations[config.ReasonKey]}
	state.Since, _ = time.Parse(time.RFC3339, leaderService.Annotations[config.LeaderSinceKey])
	state.Leader.Name = leaderService.Annotations[config.LeaderKey]
	return state
}

// unknownUID is the UID of a leader of which only the name is left. No pod has it, so no other pod leads in its term.
const unknownUID types.UID = "unknown"

// identifyLeader completes a leader of which only the name or only the UID is known, from its pod.
func (in input) identifyLeader(state leaderslice.State) leaderslice.Leader {
	leader := state.Leader
	switch {
	case leader.UID == "" && leader.Name == "":
		return leaderslice.Leader{}
	case leader.UID == "":
		for _, pod := range in.pods {
			// A pod that was created later is another one of the same name.
			if pod.Name == leader.Name && !pod.CreationTimestamp.After(state.Since) {
				return leaderslice.Leader{UID: pod.UID, Name: pod.Name, Node: pod.Spec.NodeName, Ready: true}
			}
		}
		leader.UID = unknownUID
	default:
		if pod := in.pod(leader.UID); pod != nil {
			leader.Name, leader.Node = pod.Name, pod.Spec.NodeName
		}
	}
	return leader
}

// incumbent converts a state for an election.
func incumbent(state leaderslice.State) election.Incumbent {
	return election.Incumbent{
		UID: string(state.Leader.UID), Name: state.Leader.Name, Node: state.Leader.Node,
		Since: state.Since, Reason: election.Reason(state.Reason),
	}
}

// behind reports whether the writer of a slice had seen newer pods or Services than this replica has. After a live read of the pods, it is
// not behind.
func (in input) behind() bool {
	written := in.writtenBasis()
	return !in.podsReadLive && (olderThan(in.seen.Pods, written.Pods) || olderThan(in.seen.Services, written.Services))
}

// writtenBasis returns the versions that the writers of the slices had seen. Every family counts: when an address of one family changes,
// only the slice of that family is written.
func (in input) writtenBasis() leaderslice.Basis {
	var written leaderslice.Basis
	for _, family := range leaderslice.Families(in.leaderService) {
		if slice, exists := in.slice(family); exists {
			written.Pods, written.Services = newer(written.Pods, slice.Basis.Pods), newer(written.Services, slice.Basis.Services)
		}
	}
	return written
}

// commitBasis returns the basis that a commit records: the newest versions of the pods, of their deletions, and of the Services. It is not
// lower than what the slices say already, unless a live read has shown that no replica can have seen as much.
func (in input) commitBasis() leaderslice.Basis {
	basis := leaderslice.Basis{Pods: in.record.PodsVersion, Services: in.source.ResourceVersion}
	// The version that the leader cache has observed is empty at first. It may have arrived after the pods were listed, and it may date
	// from before a restore of etcd.
	if basis.Pods == "" || olderThan(in.seen.Pods, basis.Pods) {
		basis.Pods = in.seen.Pods
	}
	for _, pod := range in.pods {
		basis.Pods = newer(basis.Pods, pod.ResourceVersion)
	}
	basis.Services = newer(basis.Services, in.leaderService.ResourceVersion)
	if written := in.writtenBasis(); !in.podsReadLive {
		basis.Pods, basis.Services = newer(basis.Pods, written.Pods), newer(basis.Services, written.Services)
	}
	return basis
}

// olderThan reports whether a version is older than another. A version that cannot be compared is not older, so that no replica waits for
// one that someone made up.
func olderThan(version, other string) bool {
	order, err := resourceversion.CompareResourceVersion(version, other)
	return err == nil && order < 0
}

// newer returns the newer one of two versions.
func newer(a, b string) string {
	if a == "" || olderThan(a, b) {
		return b
	}
	return a
}
