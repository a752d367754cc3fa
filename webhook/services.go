package webhook

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/tanist-dev/tanist/config"
)

// services refuses wrong annotations of Services, and changes of leader Services that Tanist would undo.
type services struct {
	leaderServices LeaderServices
	namespaces     OptedInNamespaces
	tuning         *config.Store
}

func (s services) handle(ctx context.Context, request ctrlwebhook.AdmissionRequest) (ctrlwebhook.AdmissionResponse, error) {
	service, err := decode[corev1.Service](request.Object)
	if err != nil {
		return ctrlwebhook.AdmissionResponse{}, err
	}
	old, err := decodeOld[corev1.Service](request)
	if err != nil {
		return ctrlwebhook.AdmissionResponse{}, err
	}
	service.Namespace = request.Namespace
	if !authenticated(ctx) && !s.namespaces.OptedIn(request.Namespace) {
		return ctrlwebhook.Allowed(""), nil // the API server does not ask about it, and nobody else need know which Services it has
	}

	if errs := s.validate(service, old); len(errs) > 0 {
		return refused("Service", service.Name, errs), nil
	}
	return ctrlwebhook.Allowed("").WithWarnings(s.warnings(service, old)...), nil
}

// validate returns what is wrong with a request; nothing if the Service is being deleted. old is nil for a new Service.
func (s services) validate(service, old *corev1.Service) field.ErrorList {
	if service.DeletionTimestamp != nil {
		return nil
	}
	// Anybody can give a Service the labels and the owner of a leader Service. Its annotations are validated like those of any other: a real
	// one has only those that Tanist writes.
	errs := append(introducedErrors(service, old), s.nameConflicts(service, introducedLeaderServiceName(service, old))...)
	if old == nil {
		return errs
	}
	if source := sourceOf(old); source != "" {
		if want := s.leaderServices.LeaderSpec(service.Namespace, old); want != nil {
			// What the API server has just allocated, such as node ports, is part of what Tanist wants from then on.
			allocating := *old
			allocating.Spec = service.Spec
			next := s.leaderServices.LeaderSpec(service.Namespace, &allocating)
			if next == nil {
				next = want
			}
			errs = append(errs, forbiddenChanges(&service.Spec, &old.Spec, want, next, source)...)
		}
	}
	return errs
}

// nameConflicts returns an error if the name of a Service's leader Service is taken, or if another Service asks for it too. If two
// Services ask for a name at the same time, this replica may not know either of them yet. The controller then reports the second one.
func (s services) nameConflicts(service *corev1.Service, name string) field.ErrorList {
	if name == "" {
		return nil
	}
	if taken := s.leaderServices.Taken(service.Namespace, name, service.Name, service.UID); taken != nil {
		return field.ErrorList{nameTaken(name, taken)}
	}
	for _, other := range s.leaderServices.Wanting(service.Namespace, name) {
		if other.Name != service.Name {
			return field.ErrorList{field.Invalid(leaderServicePath, name,
				"is the name that Service "+other.Name+" also asks for: choose another name")}
		}
	}
	return nil
}

// warnings returns a warning for a drain window that is longer than the tuning allows, and for a new Service whose name another Service
// wants for its leader Service.
func (s services) warnings(service, old *corev1.Service) []string {
	var all []string
	options, _ := config.ParseOptions(service)
	longest := s.tuning.Load().Election.LongestDrainWindow()
	if options.DrainWindow != nil && *options.DrainWindow > longest &&
		(old == nil || old.Annotations[config.DrainWindowKey] != service.Annotations[config.DrainWindowKey]) {
		all = append(all, shortenedWarning(service.Annotations, longest))
	}
	if old != nil || service.Name == "" {
		return all
	}
	for _, other := range s.leaderServices.Wanting(service.Namespace, service.Name) {
		if len(all) < maxWarnings && other.Name != service.Name && !labelledFor(service, other) {
			all = append(all, "tanist: Service "+other.Name+" asks for this name for its leader Service, which cannot be created while this Service exists: "+
				"annotate "+other.Name+" with another "+config.LeaderServiceKey+", or rename this Service")
		}
	}
	return all
}

// labelledFor reports whether a Service's labels say that it is the source's leader Service.
func labelledFor(service, source *corev1.Service) bool {
	return service.Labels[config.ManagedByKey] == config.ManagedBy && service.Labels[config.SourceServiceKey] == source.Name
}
