package reconciler

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/tanist-dev/tanist/config"
)

// sourceOfLeaderService is the Service that a leader Service was made for, by its controller reference and else by its label; without
// a name when it is no leader Service.
func sourceOfLeaderService(service *corev1.Service) types.NamespacedName {
	if owner := metav1.GetControllerOfNoCopy(service); owner != nil && isService(owner) {
		return types.NamespacedName{Namespace: service.Namespace, Name: owner.Name}
	}
	return types.NamespacedName{Namespace: service.Namespace, Name: service.Labels[config.SourceServiceKey]}
}

// sourceOfSlice is the Service whose leader Service an EndpointSlice belongs to; without a name when it belongs to none. The leader
// Service that controls it decides, or else its label, or else the leader Service whose traffic it takes: labels are edited, and
// slices that are not ours have none of ours.
func (v *views) sourceOfSlice(slice *discoveryv1.EndpointSlice) types.NamespacedName {
	if owner := metav1.GetControllerOfNoCopy(slice); owner != nil && isService(owner) {
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
func (v *views) sourceOfNamed(namespace, leaderService string) types.NamespacedName {
	service := v.service(types.NamespacedName{Namespace: namespace, Name: leaderService})
	if service == nil {
		return types.NamespacedName{Namespace: namespace}
	}
	return sourceOfLeaderService(service)
}

// ownedLeaderServices are all the leader Services of a Service that are not being deleted, by name: two while one takes the other's
// place.
func (v *views) ownedLeaderServices(source *corev1.Service) []*corev1.Service {
	if source.UID == "" {
		return nil
	}
	owned := slices.DeleteFunc(byIndex[*corev1.Service](v.services, byController, string(source.UID)), func(service *corev1.Service) bool {
		return service.DeletionTimestamp != nil || !ownsLeaderService(service, source)
	})
	slices.SortFunc(owned, func(a, b *corev1.Service) int { return cmp.Compare(a.Name, b.Name) })
	return owned
}

// leaderServiceOf is a Service's leader Service (nil when it has none yet), its options, and what is wrong with its annotations. It is
// the one with the name in the options, or else another one of ours that has not been replaced yet: what exists is served. One that
// is not ours is never returned.
func (v *views) leaderServiceOf(source *corev1.Service) (*corev1.Service, config.Options, field.ErrorList) {
	owned := v.ownedLeaderServices(source)
	asked, _ := config.ParseOptions(source)
	existing := named(owned, asked.LeaderService)
	options, errs := resolveOptions(source, existing)
	return named(owned, options.LeaderService), options, errs
}

// named is the Service of this name, or else the first; nil when there is none.
func named(services []*corev1.Service, name string) *corev1.Service {
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

// serves reports whether a Service is to have a leader: it asks for one, and its namespace has opted in, or has not yet been out for
// longer than the grace. The latter is true as long as the leader Service is there, which the holder of the Lease deletes in the end.
func (v *views) serves(source *corev1.Service) bool {
	if !keepsLeader(source) || v.terminating(source.Namespace) {
		return false
	}
	return wantsLeader(source) && v.optedIn(source.Namespace) || len(v.ownedLeaderServices(source)) > 0
}

// servedByUs reports whether this installation of Tanist serves a leader Service: it says so, or names none.
func (v *views) servedByUs(leaderService *corev1.Service) bool {
	return servedBy(leaderService, v.installation)
}
