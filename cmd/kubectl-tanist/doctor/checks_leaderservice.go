package doctor

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
)

var leaderServiceChecks = applying([]check{
	{"leader-service-name", services, "no name of a leader Service is taken", checkName},
	{"leader-service", services, "each Service has its leader Service", withWarning(status.NoLeaderService, describeService)},
}, nobodyAsks)

var madeChecks = applying([]check{
	{"other-installation", services, "no other Tanist serves these Services", checkInstallation},
}, nobodyLed)

var writeChecks = applying([]check{
	{"writes", services, "the API server accepts what Tanist writes", checkWrites},
}, nobodyAsks)

var endpointChecks = applying([]check{
	{"endpoints", services, "only Tanist sends traffic to leaders", checkEndpoints},
}, nobodyLed)

var leftoverChecks = []check{
	{"leftovers", services, "nothing is left of Services that are gone", checkLeftovers},
}

// checkName looks for names that something else has, and for names that two Services ask for.
func checkName(f *facts) findings {
	found := withWarning(status.NameTaken, editService)(f)
	first := map[objectName]string{}
	for _, l := range f.served() {
		name := objectName{l.source.Namespace, l.options.LeaderService}
		if name.name == "" {
			continue // the annotation is wrong, and another check says so
		}
		if other, known := first[name]; known {
			found.fail(l.about(), fmt.Sprintf("it asks for the leader Service %s, as Service %s does", name.name, other),
				l.command(fmt.Sprintf("annotate service %s %s=ANOTHER-NAME --overwrite", l.source.Name, config.LeaderServiceKey)))
			continue
		}
		first[name] = l.source.Name
	}
	return found
}

func checkInstallation(f *facts) (found findings) {
	if f.services.unread != "" {
		return skip(f.services.unread)
	}
	for i := range f.leaders {
		l := &f.leaders[i]
		service := status.LeaderServiceOf(l.source, l.options.LeaderService, f.services.value)
		if service != nil && !leaderslice.ServedBy(service, f.tanistNamespace) {
			other := service.Annotations[config.InstallationKey]
			found.fail(l.about(), "the Tanist in namespace "+other+" serves it, and not the one in "+f.tanistNamespace,
				"remove one of the two installations, or use --tanist-namespace "+other)
		}
	}
	return found
}

// checkWrites reads the Events in which Tanist repeats what the API server said.
func checkWrites(f *facts) findings {
	if f.refusals.unread != "" {
		return skip(f.refusals.unread)
	}
	return withWarning(status.WriteRefused, describeService)(f)
}

// checkEndpoints looks for EndpointSlices that send traffic past a leader, and for Endpoints, which Kubernetes copies into such a slice.
func checkEndpoints(f *facts) findings {
	if reason := unread(f.services.unread, f.slices.unread); reason != "" {
		return skip(reason)
	}
	found := withWarning(status.SeveralReady, slicesOf)(f)
	found.problems = append(found.problems, withWarning(status.ForeignSlice, slicesOf)(f).problems...)
	found.skipped = f.endpoints.unread // the slices are checked all the same
	leaderServices := map[objectName]*leader{}
	for i := range f.leaders {
		leaderServices[objectName{f.leaders[i].source.Namespace, f.leaders[i].status.LeaderService}] = &f.leaders[i]
	}
	for _, name := range f.endpoints.value {
		if l := leaderServices[name]; l != nil {
			found.warn(l.about(), "there are Endpoints with the name of its leader Service, which Kubernetes copies into an EndpointSlice",
				l.command("delete endpoints "+name.name))
		}
	}
	return found
}

func slicesOf(l *leader) string {
	return l.command("get endpointslices -l "+discoveryv1.LabelServiceName+"="+l.status.LeaderService) + " --show-labels"
}

// checkLeftovers looks for leader Services without their source Service, and for Tanist's EndpointSlices without their leader Service.
func checkLeftovers(f *facts) (found findings) {
	if reason := unread(f.services.unread, f.slices.unread); reason != "" {
		return skip(reason)
	}
	exists := map[objectName]bool{}
	for _, service := range f.services.value {
		exists[objectName{service.Namespace, service.Name}] = true
	}
	for _, service := range f.services.value {
		source := leaderslice.SourceOfLeaderService(service)
		if isLeaderService(service) && source.Name != "" && !exists[objectName{source.Namespace, source.Name}] {
			found.warn("Service "+service.Namespace+"/"+service.Name, "it is a leader Service, and its Service "+source.Name+" is gone",
				"kubectl delete service "+service.Name+" -n "+service.Namespace+" (or create Service "+source.Name+" again)")
		}
	}
	for _, slice := range f.slices.value {
		service := slice.Labels[discoveryv1.LabelServiceName]
		if slice.Labels[discoveryv1.LabelManagedBy] == config.SliceManagedBy && !exists[objectName{slice.Namespace, service}] {
			found.warn("EndpointSlice "+slice.Namespace+"/"+slice.Name, "its leader Service "+service+" is gone",
				"kubectl delete endpointslice "+slice.Name+" -n "+slice.Namespace)
		}
	}
	return found
}

// isLeaderService reports whether a Service has the labels of one that Tanist made.
func isLeaderService(service *corev1.Service) bool {
	return service.Labels[config.ManagedByKey] == config.ManagedBy && service.Labels[config.SourceServiceKey] != ""
}
