package failover

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/disruption"
)

// input is all that a decision about one Service depends on, besides the time. Its objects are shared with the informers.
type input struct {
	source        *corev1.Service
	leaderService *corev1.Service
	options       config.Options
	tuning        config.Tuning
	pods          []*corev1.Pod
	// disruptions is what other objects announce for the pods.
	disruptions disruption.Disruptions
	record      cache.Record
	// seen is how much of the pods and the Services the informers had seen when the pods were listed.
	seen leaderslice.Basis
	// podsReadLive says that the pods, too, were read from the API server.
	podsReadLive bool
	// authority is what this replica may change.
	authority authority
	// isDeparting reports whether the departure of a pod was admitted that its object does not show yet; nil when there is none.
	isDeparting func(types.UID) bool
	// trigger is when the event arrived that caused the reconciliation; zero when no event did (a retry, a timer, a start).
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
