package leaderservice

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/store"
)

// input is all that a plan for one source Service depends on, besides the time. Its objects are shared with the informers.
type input struct {
	// source is the Service that may have a leader Service; nil when it is gone.
	source *corev1.Service
	// optedIn and terminating are about the namespace.
	optedIn, terminating bool
	// excluded says that the namespace has the label, but is one that never opts in.
	excluded bool
	// optOutGrace is how long a leader Service is kept after its namespace has opted out.
	optOutGrace time.Duration
	options     config.Options
	// invalid is what is wrong with the source and its annotations.
	invalid field.ErrorList
	// leaderServices are the source's leader Services that are not being deleted. slices are the EndpointSlices that were made for the
	// source, or take the traffic of its leader Services.
	leaderServices []*corev1.Service
	slices         []*discoveryv1.EndpointSlice
	// existing is the leader Service that exists, whatever its name; nil when there is none.
	existing *corev1.Service
	// nameHolder is the Service that has the leader Service's name; nil when there is none. ownerGone says that a live read has shown that
	// the Service that controls it is gone. otherOwner is another Service that it belongs to; nil when there is none.
	nameHolder *corev1.Service
	ownerGone  bool
	otherOwner *corev1.Service
	// installation is this installation of Tanist. otherInstallationGone says that the one that the leader Service names is gone.
	installation          string
	otherInstallationGone bool
	// liveWithoutSelector says that a live read has shown that the leader Service is ours and has no selector. endpoints is the Endpoints object
	// with its name; nil when there is none. Both are read only when there are slices of Kubernetes' controllers.
	liveWithoutSelector bool
	endpoints           *metav1.PartialObjectMetadata
	// state says who leads; zero when that is not known.
	state leaderslice.State
	// successor is the name of the leader's successor, empty when there is none; nil when it is not known.
	successor *string
	// heldBack is the reason of the move that the source's pause holds back; empty for none.
	heldBack string
}

// target returns the leader Service to keep: the one with the wanted name if it is ours or may be adopted, or else the one that exists.
func (in input) target() *corev1.Service {
	if in.nameHolder != nil && in.nameHolder.DeletionTimestamp == nil &&
		(in.owns(in.nameHolder) || in.otherOwner == nil && leaderslice.AdoptableLeaderService(in.nameHolder, in.source, in.options.LeaderServiceType, in.ownerGone)) {
		return in.nameHolder
	}
	return in.existing
}

// wanted reports whether the source is to have a leader Service, or to keep the one that exists.
func (in input) wanted() bool {
	return store.WantsLeader(in.source) || in.existing != nil && store.KeepsLeader(in.source)
}

// owns reports whether a Service is a leader Service of the source.
func (in input) owns(service *corev1.Service) bool {
	return in.source != nil && leaderslice.OwnsLeaderService(service, in.source)
}

// servedByUs reports whether this installation of Tanist serves a leader Service. One that does not exist yet is served by the installation
// that creates it.
func (in input) servedByUs(leaderService *corev1.Service) bool {
	return leaderService == nil || in.otherInstallationGone || leaderslice.ServedBy(leaderService, in.installation)
}

// deletable returns the leader Services that this installation may delete.
func (in input) deletable() []*corev1.Service {
	var services []*corev1.Service
	for _, service := range in.leaderServices {
		if service.DeletionTimestamp == nil && in.owns(service) && in.servedByUs(service) {
			services = append(services, service)
		}
	}
	return services
}

// The label of the Endpoints objects that Kubernetes' own controller makes. One without it was made by a user.
const (
	endpointsManagedBy  = "endpoints.kubernetes.io/managed-by"
	endpointsController = "endpoint-controller"
)

// mirrorsUserEndpoints reports whether a slice is the copy of an Endpoints object that a user has created.
func (in input) mirrorsUserEndpoints(slice *discoveryv1.EndpointSlice) bool {
	return slice.Labels[discoveryv1.LabelManagedBy] == leaderslice.MirroringController && in.userMadeEndpoints()
}

// userMadeEndpoints reports whether the Endpoints object with the leader Service's name exists and was not created by Kubernetes.
func (in input) userMadeEndpoints() bool {
	return in.endpoints != nil && in.endpoints.Labels[endpointsManagedBy] != endpointsController
}
