package store

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
)

// SourceOfSlice returns the source Service of the leader Service that an EndpointSlice belongs to. The key has no name when there is none.
// Of the following, the first that names one decides: the leader Service that controls the slice, the slice's label, and the leader Service
// whose traffic the slice takes. The label alone is not enough: users edit labels, and slices of other controllers do not have ours.
func (s *Stores) SourceOfSlice(slice *discoveryv1.EndpointSlice) types.NamespacedName {
	if owner := metav1.GetControllerOfNoCopy(slice); owner != nil && leaderslice.IsService(owner) {
		if source := s.sourceOfNamed(slice.Namespace, owner.Name); source.Name != "" {
			return source
		}
	}
	if name := slice.Labels[config.SourceServiceKey]; name != "" {
		return types.NamespacedName{Namespace: slice.Namespace, Name: name}
	}
	return s.sourceOfNamed(slice.Namespace, slice.Labels[discoveryv1.LabelServiceName])
}

// sourceOfNamed returns the source Service of the leader Service with this name.
func (s *Stores) sourceOfNamed(namespace, leaderService string) types.NamespacedName {
	service := s.Service(types.NamespacedName{Namespace: namespace, Name: leaderService})
	if service == nil {
		return types.NamespacedName{Namespace: namespace}
	}
	return leaderslice.SourceOfLeaderService(service)
}

// OwnedLeaderServices returns the leader Services of a Service that are not being deleted, sorted by name. There are two while one replaces
// the other.
func (s *Stores) OwnedLeaderServices(source *corev1.Service) []*corev1.Service {
	if source.UID == "" {
		return nil
	}
	owned := slices.DeleteFunc(byIndex[*corev1.Service](s.Services.In(source.Namespace), byController, string(source.UID)), func(service *corev1.Service) bool {
		return service.DeletionTimestamp != nil || !leaderslice.OwnsLeaderService(service, source)
	})
	slices.SortFunc(owned, func(a, b *corev1.Service) int { return cmp.Compare(a.Name, b.Name) })
	return owned
}

// LeaderServiceOf returns the leader Service of a Service (nil when it has none yet), its options, and what is wrong with its annotations.
// When there is no leader Service with the name in the options, it returns one with another name, which has not been replaced yet. It never
// returns a Service that is not ours.
func (s *Stores) LeaderServiceOf(source *corev1.Service) (*corev1.Service, config.Options, field.ErrorList) {
	owned := s.OwnedLeaderServices(source)
	options, errs := config.ParseOptions(source)
	if len(errs) > 0 {
		options, errs = ResolveOptions(source, Named(owned, options.LeaderService))
	}
	return Named(owned, options.LeaderService), options, errs
}

// Named returns the Service with this name, or else the first; nil when there is none.
func Named(services []*corev1.Service, name string) *corev1.Service {
	for _, service := range services {
		if service.Name == name {
			return service
		}
	}
	if len(services) == 0 {
		return nil
	}
	return services[0]
}

// Serves reports whether a Service is to have a leader: it asks for one, and its namespace has opted in, or has opted out and the grace
// period is not over. The grace period lasts as long as there is a leader Service: the holder of the Lease deletes the leader Service when
// the period ends.
func (s *Stores) Serves(source *corev1.Service) bool {
	if !KeepsLeader(source) || s.Terminating(source.Namespace) {
		return false
	}
	return WantsLeader(source) && s.OptedIn(source.Namespace) || len(s.OwnedLeaderServices(source)) > 0
}

// ServedByUs reports whether this installation of Tanist serves a leader Service: the leader Service names this installation, or none.
func (s *Stores) ServedByUs(leaderService *corev1.Service) bool {
	return leaderslice.ServedBy(leaderService, s.Installation)
}

// ControllerExists reports whether an object's controller exists, as far as the informers know. A controller that is not a Service counts
// as existing, because it cannot be looked up.
func (s *Stores) ControllerExists(object metav1.Object) bool {
	owner := metav1.GetControllerOfNoCopy(object)
	if owner == nil {
		return false
	}
	if !leaderslice.IsService(owner) {
		return true
	}
	known := s.Service(types.NamespacedName{Namespace: object.GetNamespace(), Name: owner.Name})
	return known != nil && known.UID == owner.UID
}

// Adoptable reports whether a Service is a leader Service without a controller, or whose controller is gone, as far as the informers know.
func (s *Stores) Adoptable(service *corev1.Service) bool {
	return leaderslice.AdoptableLeaderService(service, service, config.LeaderServiceTypeOf(service), !s.ControllerExists(service))
}

// OtherOwner returns the Service, other than the source, that a leader Service belongs to: the one that controls it, or else the one that
// its label names and that asks for its name. It returns nil when there is none.
func (s *Stores) OtherOwner(leaderService, source *corev1.Service) *corev1.Service {
	if owner := metav1.GetControllerOfNoCopy(leaderService); owner != nil && leaderslice.IsService(owner) && s.ControllerExists(leaderService) {
		if owner.UID == source.UID {
			return nil
		}
		return s.Service(types.NamespacedName{Namespace: source.Namespace, Name: owner.Name})
	}
	for _, other := range s.ServicesWanting(client.ObjectKeyFromObject(leaderService)) {
		if other.UID != source.UID && other.Name == leaderService.Labels[config.SourceServiceKey] && WantsLeader(other) {
			return other
		}
	}
	return nil
}
