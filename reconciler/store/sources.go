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

// SourceOfSlice is the Service whose leader Service an EndpointSlice belongs to; without a name when it belongs to none. The leader
// Service that controls it decides, or else its label, or else the leader Service whose traffic it takes: labels are edited, and
// slices that are not ours have none of ours.
func (v *Stores) SourceOfSlice(slice *discoveryv1.EndpointSlice) types.NamespacedName {
	if owner := metav1.GetControllerOfNoCopy(slice); owner != nil && leaderslice.IsService(owner) {
		if source := v.sourceOfNamed(slice.Namespace, owner.Name); source.Name != "" {
			return source
		}
	}
	if name := slice.Labels[config.SourceServiceKey]; name != "" {
		return types.NamespacedName{Namespace: slice.Namespace, Name: name}
	}
	return v.sourceOfNamed(slice.Namespace, slice.Labels[discoveryv1.LabelServiceName])
}

// sourceOfNamed is the Service that the Service of this name is the leader Service of.
func (v *Stores) sourceOfNamed(namespace, leaderService string) types.NamespacedName {
	service := v.Service(types.NamespacedName{Namespace: namespace, Name: leaderService})
	if service == nil {
		return types.NamespacedName{Namespace: namespace}
	}
	return leaderslice.SourceOfLeaderService(service)
}

// OwnedLeaderServices are all the leader Services of a Service that are not being deleted, by name: two while one takes the other's
// place.
func (v *Stores) OwnedLeaderServices(source *corev1.Service) []*corev1.Service {
	if source.UID == "" {
		return nil
	}
	owned := slices.DeleteFunc(byIndex[*corev1.Service](v.Services, byController, string(source.UID)), func(service *corev1.Service) bool {
		return service.DeletionTimestamp != nil || !leaderslice.OwnsLeaderService(service, source)
	})
	slices.SortFunc(owned, func(a, b *corev1.Service) int { return cmp.Compare(a.Name, b.Name) })
	return owned
}

// LeaderServiceOf is a Service's leader Service (nil when it has none yet), its options, and what is wrong with its annotations. It is
// the one with the name in the options, or else another one of ours that has not been replaced yet: what exists is served. One that
// is not ours is never returned.
func (v *Stores) LeaderServiceOf(source *corev1.Service) (*corev1.Service, config.Options, field.ErrorList) {
	owned := v.OwnedLeaderServices(source)
	asked, _ := config.ParseOptions(source)
	existing := Named(owned, asked.LeaderService)
	options, errs := ResolveOptions(source, existing)
	return Named(owned, options.LeaderService), options, errs
}

// Named is the Service of this name, or else the first; nil when there is none.
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

// Serves reports whether a Service is to have a leader: it asks for one, and its namespace has opted in, or has not yet been out for
// longer than the grace. The latter is true as long as the leader Service is there, which the holder of the Lease deletes in the end.
func (v *Stores) Serves(source *corev1.Service) bool {
	if !KeepsLeader(source) || v.Terminating(source.Namespace) {
		return false
	}
	return WantsLeader(source) && v.OptedIn(source.Namespace) || len(v.OwnedLeaderServices(source)) > 0
}

// ServedByUs reports whether this installation of Tanist serves a leader Service: it says so, or names none.
func (v *Stores) ServedByUs(leaderService *corev1.Service) bool {
	return leaderslice.ServedBy(leaderService, v.Installation)
}

// ControllerThere reports whether the informers know the object's controlling Service, or it is of another kind.
func (v *Stores) ControllerThere(object metav1.Object) bool {
	owner := metav1.GetControllerOfNoCopy(object)
	if owner == nil {
		return false
	}
	if !leaderslice.IsService(owner) {
		return true
	}
	known := v.Service(types.NamespacedName{Namespace: object.GetNamespace(), Name: owner.Name})
	return known != nil && known.UID == owner.UID
}

// Forsaken reports whether a Service is a leader Service that nobody controls any longer, as far as the informers know.
func (v *Stores) Forsaken(service *corev1.Service) bool {
	return leaderslice.AdoptableLeaderService(service, service, !v.ControllerThere(service))
}

// Rival is another Service that a leader Service's name belongs to rather: the one that controls it, or the one that its label names
// and that asks for it. It is nil when there is none.
func (v *Stores) Rival(leaderService, source *corev1.Service) *corev1.Service {
	if owner := metav1.GetControllerOfNoCopy(leaderService); owner != nil && leaderslice.IsService(owner) && v.ControllerThere(leaderService) {
		if owner.UID == source.UID {
			return nil
		}
		return v.Service(types.NamespacedName{Namespace: source.Namespace, Name: owner.Name})
	}
	for _, other := range v.Wanting(client.ObjectKeyFromObject(leaderService)) {
		if other.UID != source.UID && other.Name == leaderService.Labels[config.SourceServiceKey] && WantsLeader(other) {
			return other
		}
	}
	return nil
}
