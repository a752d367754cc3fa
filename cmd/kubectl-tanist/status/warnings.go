package status

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/tanist-dev/tanist/config"
)

// findings are what the warnings are derived from.
type findings struct {
	Objects
	wanted        config.Options
	wrong         field.ErrorList
	leaderService *corev1.Service
	pods          []*corev1.Pod
	leaderPod     *corev1.Pod
}

// warnings returns the warnings, in the order in which to correct them.
func (f findings) warnings(l Leader) []Warning {
	var all []Warning
	add := func(phrase, detail string) { all = append(all, Warning{Phrase: phrase, Detail: detail}) }
	for _, err := range f.wrong {
		if key := annotationOf(err); key != "" {
			add(WrongAnnotation+" "+strings.TrimPrefix(key, config.Domain+"/"), err.Error()+"; "+f.meanwhile(key))
		} else {
			add(CannotHaveLeader, err.Error())
		}
	}
	enabled := config.Enabled(f.Service.Annotations)
	mistyped := slices.Contains(wrongKeys(f.wrong), config.EnabledKey) // said above
	if !enabled && !mistyped {
		add(ServiceNotOptedIn, AnnotateService(f.Service))
	}
	switch {
	case (enabled || mistyped) && !f.optedIn():
		all = append(all, f.namespaceWarnings()...)
	case enabled:
		all = append(all, f.missing(l)...)
	}
	all = append(all, f.refused()...)
	return slices.Concat(all, f.wishWarnings(l), f.followWarnings(l), f.traffic(l))
}

// optedIn reports whether the namespace has opted in. Which namespaces Tanist runs in is not known here. Its Warning Event tells of those.
func (f findings) optedIn() bool {
	return (f.Namespace == nil || config.Enabled(f.Namespace.GetLabels())) && f.Service.Namespace != metav1.NamespaceSystem &&
		f.Observation.MayOptIn(f.Service.Namespace)
}

// meanwhile returns what counts instead of a wrong annotation. Nothing replaces the one with which a Service opts in.
func (f findings) meanwhile(key string) string {
	switch {
	case key != config.EnabledKey:
		return "the last good value, or the default, is used until then"
	case f.leaderService == nil:
		return "so this Service has no leader: " + AnnotateService(f.Service)
	default:
		return "it keeps the leader Service that it has, and would get no other: " + AnnotateService(f.Service)
	}
}

// namespaceWarnings returns the warnings about a namespace that has not opted in.
func (f findings) namespaceWarnings() []Warning {
	all := []Warning{{NamespaceNotOptedIn, f.optIn()}}
	if wrong := WrongLabel(f.namespaceLabels()); wrong != "" {
		all = append(all, Warning{WrongNamespaceLabel + " " + strings.TrimPrefix(config.EnabledKey, config.Domain+"/") + "=" + f.namespaceLabels()[config.EnabledKey], wrong})
	}
	return all
}

// namespaceLabels returns the labels of the namespace; none if the user may not read it.
func (f findings) namespaceLabels() map[string]string {
	if f.Namespace == nil {
		return nil
	}
	return f.Namespace.GetLabels()
}

// optIn returns how to opt the namespace in, and what happens otherwise.
func (f findings) optIn() string {
	if f.Service.Namespace == metav1.NamespaceSystem {
		return "kube-system cannot opt in: move the Service to another namespace"
	}
	if !f.Observation.MayOptIn(f.Service.Namespace) {
		return fmt.Sprintf("Tanist is installed for some namespaces only (%s): add %s to the chart's value watchNamespaces", f.Observation.OnlyNamespaces, f.Service.Namespace)
	}
	command := LabelNamespace(f.Service.Namespace, f.namespaceLabels())
	if wrong := WrongLabel(f.namespaceLabels()); wrong != "" {
		command = wrong + ": " + command
	}
	if f.leaderService == nil || f.leaderService.Annotations[config.OrphanedSinceKey] == "" {
		return command
	}
	return fmt.Sprintf("%s; otherwise Service %s is deleted when the grace period ends (optOutGrace in the tuning), which began at %s",
		command, f.leaderService.Name, f.leaderService.Annotations[config.OrphanedSinceKey])
}

// nameTaken returns what to do about a name that another Service has. It suggests nothing that would remove a leader.
func (f findings) nameTaken(service *corev1.Service) string {
	for _, other := range f.Services {
		if Made(service, other) {
			return fmt.Sprintf("Service %s is the leader Service of Service %s: choose another name with %s",
				service.Name, other.Name, config.LeaderServiceKey)
		}
	}
	return fmt.Sprintf("Service %s was not created by Tanist: choose another name with %s", service.Name, config.LeaderServiceKey)
}

// missing returns why a Service that should have a leader has none.
func (f findings) missing(l Leader) []Warning {
	if f.leaderService == nil || f.leaderService.Name != f.wanted.LeaderService {
		for _, service := range f.Services {
			if service.Namespace == f.Service.Namespace && service.Name == f.wanted.LeaderService && !Made(service, f.Service) {
				return []Warning{{NameTaken, f.nameTaken(service)}}
			}
		}
	}
	switch {
	case f.leaderService == nil && !slices.ContainsFunc(f.wrong, func(err *field.Error) bool { return annotationOf(err) == "" }):
		// The last good value or the default stands in for a wrong annotation. Nothing stands in for a selector or a port.
		return []Warning{{NoLeaderService, "Tanist creates it; the Events of the Service say why it has not"}}
	case f.leaderService == nil || l.Leader != nil:
		return nil
	default:
		return []Warning{f.leaderless(l)}
	}
}
