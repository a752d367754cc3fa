package planner

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/reconciler/commitrules"
	"github.com/tanist-dev/tanist/reconciler/disruption"
	"github.com/tanist-dev/tanist/reconciler/lease"
)

// Input is all that a decision about one source Service depends on, besides the time. Its objects are shared with the informers.
type Input struct {
	Source        *corev1.Service
	LeaderService *corev1.Service
	Options       config.Options
	Tuning        config.Tuning
	Pods          []*corev1.Pod
	// Disruptions is what other objects say about the future of the pods.
	Disruptions disruption.Disruptions
	Record      cache.Record
	// Lease is the Lease that the Service follows; zero if it follows none.
	Lease lease.View
	// Seen are the versions of the pods, the Services and the Lease that the informers had seen when the pods were listed, by bookmarks, too.
	Seen leaderslice.Basis
	// DeliveredPods is the newest version of any pod that an event had brought then. Seen may be newer, although nothing has happened since.
	DeliveredPods string
	// PodsReadLive says that the pods and the Lease, too, were read from the API server.
	PodsReadLive bool
	// DeletionsMissed says that such a read lacks pods that the informer still has.
	DeletionsMissed bool
	// Authority is what this replica may change about who leads.
	Authority commitrules.Authority
	// IsDeparting reports whether this replica has admitted the departure of a pod whose object does not show it yet. It asks the leader
	// cache, with the own clock. When it is nil, no pod is departing.
	IsDeparting func(types.UID) bool
	// Observer says which pods are believed lost. It has a memory of its own, and answers in no time. It may be nil.
	Observer Observer
	// Trigger is the arrival of the event that caused the reconciliation; zero when no event did (a timer, a start).
	Trigger time.Time
	// LatestEvent is the arrival of the last such event.
	LatestEvent time.Time
	// Began is when the reconciliation began, by the own clock. Only traces need it.
	Began time.Time
}

// WithRecord returns the input with another record of the slices.
func (in Input) WithRecord(record cache.Record) Input {
	in.Record = record
	return in
}

// slice returns the leader Service's slice of a family. It returns false when there is none, or one that is neither ours nor adoptable.
func (in Input) slice(family discoveryv1.AddressType) (leaderslice.Slice, bool) {
	slice, exists := in.Record.Slices[leaderslice.Name(in.LeaderService.Name, family)]
	if !exists || !in.owns(slice.Object) {
		return leaderslice.Slice{}, false
	}
	return slice, true
}

// nameTaken reports whether a slice that is not ours has the name of a family's slice.
func (in Input) nameTaken(family discoveryv1.AddressType) bool {
	slice, exists := in.Record.Slices[leaderslice.Name(in.LeaderService.Name, family)]
	return exists && !in.owns(slice.Object)
}

// owns reports whether a slice is ours, or becomes ours with the next write.
func (in Input) owns(slice *discoveryv1.EndpointSlice) bool {
	return leaderslice.OwnsSlice(slice, in.LeaderService) || leaderslice.AdoptableSlice(slice, in.LeaderService)
}

// Pod returns the pod with this UID, or nil.
func (in Input) Pod(uid types.UID) *corev1.Pod {
	for _, pod := range in.Pods {
		if uid != "" && pod.UID == uid {
			return pod
		}
	}
	return nil
}

// Usable reports whether the leader Service exists, is ours, is not being deleted, and has an address family.
func (in Input) Usable() bool {
	return in.LeaderService != nil && in.LeaderService.DeletionTimestamp == nil &&
		leaderslice.OwnsLeaderService(in.LeaderService, in.Source) && len(leaderslice.Families(in.LeaderService)) > 0
}

// HasOtherOwner reports whether a slice belongs to another leader Service of the same name. That may be the newer one, so only a live read
// tells which one counts.
func (in Input) HasOtherOwner() bool {
	for _, family := range leaderslice.Families(in.LeaderService) {
		slice, exists := in.slice(family)
		if exists && !leaderslice.OwnsSlice(slice.Object, in.LeaderService) {
			return true
		}
	}
	return false
}

// Want returns what a decision needs from the leader cache.
func (in Input) Want() cache.Want {
	return cache.Want{Service: in.Source.UID, Slices: leaderslice.Names(in.LeaderService)}
}

// Observer notices losses that the API does not show, or not yet (see package observe/watch). A verdict is a loss that every replica may act
// upon; it is only a reason to prefer a pod that was heard.
type Observer interface {
	// Set says what to watch for a Service, and Forget that nothing is to be watched any more.
	Set(service types.NamespacedName, observed observe.Service)
	Forget(service types.NamespacedName)
	// Verdict returns why a pod of the Service is believed lost now.
	Verdict(service types.NamespacedName, pod types.UID) observe.Verdict
	// DropsNewConnections reports whether the node of the Service's leader answers on connections alone that were open already.
	DropsNewConnections(service types.NamespacedName) bool
	// Heard reports whether a candidate of the Service was heard a moment ago, while its leader is suspected.
	Heard(service types.NamespacedName, pod types.UID) bool
	// SaysReady reports whether a pod of the Service, which Kubernetes may no longer hear, says by its own readiness probe that it is ready, or this
	// replica cannot tell.
	SaysReady(service types.NamespacedName, pod types.UID) bool
	// HeardFor returns for how long a pod has been heard without a gap; zero if it is not watched.
	HeardFor(service types.NamespacedName, pod types.UID) time.Duration
}
