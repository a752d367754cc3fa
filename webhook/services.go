package webhook

import (
	"context"
	"fmt"

	admissionv1 "k8s.io/api/admission/v1"
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
	if request.Operation == admissionv1.Delete {
		return s.handleDeletion(ctx, request)
	}
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
	return ctrlwebhook.Allowed("").WithWarnings(s.warnings(ctx, service, old)...), nil
}

// validate returns what is wrong with a request; nothing if the Service is being deleted. old is nil for a new Service.
func (s services) validate(service, old *corev1.Service) field.ErrorList {
	if service.DeletionTimestamp != nil {
		return nil
	}
	// Anybody can give a Service the labels and the owner of a leader Service. Its annotations are validated like those of any other: a real
	// one has only those that Tanist writes.
	if old == nil {
		return append(introducedErrors(service, nil), s.nameConflicts(service, introducedLeaderServiceName(service, nil))...)
	}
	source := sourceOf(old)
	var errs field.ErrorList
	if source != "" {
		service, errs = withoutSettings(service, old, source)
	}
	errs = append(errs, introducedErrors(service, old)...)
	errs = append(errs, s.nameConflicts(service, introducedLeaderServiceName(service, old))...)
	if source != "" {
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

// warnings returns a warning for a Service that opts out or renames its leader Service, for a type of the leader Service that the API server
// would refuse, for a drain window that is longer than the tuning allows, and for a new Service whose name another Service wants for its leader
// Service. old is nil for a new Service.
func (s services) warnings(ctx context.Context, service, old *corev1.Service) []string {
	all := removalWarnings(service, old)
	options, errs := config.ParseOptions(service)
	if len(errs) == 0 && opensLeaderService(service, old, options) {
		all = append(all, s.typeWarnings(ctx, service, options)...)
	}
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

// typeWarnings returns a warning if the API server would refuse the type that a Service asks for its leader Service.
func (s services) typeWarnings(ctx context.Context, service *corev1.Service, options config.Options) []string {
	if !authenticated(ctx) || !s.namespaces.OptedIn(service.Namespace) {
		return nil
	}
	err := s.leaderServices.TypeRefused(ctx, service, options)
	if err == nil {
		return nil
	}
	return []string{fmt.Sprintf("tanist: the leader Service %s cannot be of type %s: %v", options.LeaderService, options.LeaderServiceType, err)}
}

// removalWarnings returns a warning if an update has a leader Service removed, which its clients may not expect.
func removalWarnings(service, old *corev1.Service) []string {
	if old == nil || !config.Enabled(old.Annotations) || service.DeletionTimestamp != nil {
		return nil
	}
	before, _ := config.ParseOptions(old)
	if !config.Enabled(service.Annotations) && !config.Mistyped(service.Annotations) {
		return []string{fmt.Sprintf("tanist: Service %s no longer asks for a leader: its leader Service %s is removed at once, with its address",
			service.Name, before.LeaderService)}
	}
	if now, _ := config.ParseOptions(service); now.LeaderService != before.LeaderService {
		return []string{fmt.Sprintf("tanist: the leader Service %s is removed at once, with its address: clients must use %s", before.LeaderService, now.LeaderService)}
	}
	return nil
}

// labelledFor reports whether a Service's labels say that it is the source's leader Service.
func labelledFor(service, source *corev1.Service) bool {
	return service.Labels[config.ManagedByKey] == config.ManagedBy && service.Labels[config.SourceServiceKey] == source.Name
}
