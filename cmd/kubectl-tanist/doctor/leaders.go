package doctor

import (
	"cmp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	installed "github.com/tanist-dev/tanist/cmd/kubectl-tanist/installation"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/config"
)

// leader is a Service that asks for a leader, with what `kubectl tanist get` says of it.
type leader struct {
	status  status.Leader
	source  *corev1.Service
	options config.Options
	// window is the drain window that it asks for. If the user may not read the tuning, its default counts.
	window time.Duration
	// pods are the candidates; none if the user may not read pods.
	pods []*corev1.Pod
	// optedIn is false if its namespace has not opted in. It is true if the user may not read Namespaces.
	optedIn bool
}

// about names the Service.
func (l *leader) about() string {
	return "Service " + l.source.Namespace + "/" + l.source.Name
}

// command returns a kubectl command with the Service's namespace.
func (l *leader) command(command string) string {
	return "kubectl " + command + " -n " + l.source.Namespace
}

// asks reports whether a Service asks for a leader, or tried to.
func asks(service *corev1.Service) bool {
	value, annotated := service.Annotations[config.EnabledKey]
	return annotated && value != "false"
}

// leadersOf derives the leaders. It is pure.
func leadersOf(f *facts) []leader {
	var all []leader
	tuning := config.DefaultTuning()
	if f.tuning.unread == "" && f.state.unread == "" {
		tuning = f.resolvedTuning().Tuning
	}
	observation := status.Observation{OneNode: f.oneNode.value, Off: !tuning.Observe.Enabled, OnlyNamespaces: f.onlyNamespaces()}
	for _, service := range f.services.value {
		if !asks(service) {
			continue
		}
		l := leader{source: service, pods: status.Selected(service, f.pods.value)}
		l.options, _ = config.ParseOptions(service)
		l.window = l.options.DrainWindowOr(tuning)
		objects := status.Objects{
			Service: service, Services: f.services.value, Slices: f.slices.value, Pods: f.pods.value, Events: f.refusals.value,
			Leases: f.followed.value, PodsKnown: f.pods.unread == "", Observation: observation,
		}
		l.optedIn = !config.NeverOptsIn(service.Namespace, f.tanistNamespace) && observation.MayOptIn(service.Namespace)
		if namespace := f.namespace(service.Namespace); namespace != nil {
			objects.Namespace = namespace
			l.optedIn = l.optedIn && config.Enabled(namespace.GetLabels())
		}
		l.status = status.Of(objects)
		all = append(all, l)
	}
	slices.SortFunc(all, func(a, b leader) int {
		return cmp.Or(strings.Compare(a.source.Namespace, b.source.Namespace), strings.Compare(a.source.Name, b.source.Name))
	})
	return all
}

// namespace returns a Namespace; nil if the user may not read it.
func (f *facts) namespace(name string) metav1.Object {
	for _, namespace := range f.namespaces.value {
		if namespace.Name == name {
			return namespace
		}
	}
	return nil
}

// served returns the Services that Tanist serves: those that have opted in, in a namespace that has.
func (f *facts) served() []leader {
	return slices.DeleteFunc(slices.Clone(f.leaders), func(l leader) bool { return !l.optedIn || !config.Enabled(l.source.Annotations) })
}

// resolvedTuning is what the ConfigMaps put in force.
func (f *facts) resolvedTuning() config.ResolvedTuning {
	return config.ResolveTuning(f.tuning.value, f.state.value)
}

// replicaFlag reports whether the replicas are started with an argument.
func (f *facts) replicaFlag(argument string) bool {
	if !f.deployment.found {
		return false
	}
	return slices.ContainsFunc(f.deployment.value.Spec.Template.Spec.Containers, func(c corev1.Container) bool {
		return slices.Contains(c.Args, argument)
	})
}

// onlyNamespaces returns the only namespaces that may opt in, separated by commas; empty if all may.
func (f *facts) onlyNamespaces() string {
	if !f.deployment.found {
		return ""
	}
	return installed.WatchNamespaces(&f.deployment.value.Spec.Template.Spec)
}

// mayOptIn reports whether the label has an effect in a namespace.
func (f *facts) mayOptIn(namespace string) bool {
	return status.Observation{OnlyNamespaces: f.onlyNamespaces()}.MayOptIn(namespace)
}

// selfManaged reports whether Tanist makes its certificates itself, without cert-manager.
func (f *facts) selfManaged() bool { return f.replicaFlag("--self-managed-certificates") }

// grantsTokens reports whether pods may ask for grants with tokens.
func (f *facts) grantsTokens() bool {
	return f.deployment.found && slices.ContainsFunc(f.deployment.value.Spec.Template.Spec.Containers, func(c corev1.Container) bool {
		return slices.ContainsFunc(c.Args, func(arg string) bool { return strings.HasPrefix(arg, "--grants-tls-bind-address=") })
	})
}

// webhookPort returns the port of admission in Tanist's pods.
func (f *facts) webhookPort() int32 {
	const usual = 10250
	if !f.deployment.found {
		return usual
	}
	for _, c := range f.deployment.value.Spec.Template.Spec.Containers {
		for _, port := range c.Ports {
			if port.Name == "webhook" {
				return port.ContainerPort
			}
		}
	}
	return usual
}

// admissionOff reports whether Tanist is installed without admission.
func (f *facts) admissionOff() bool { return f.replicaFlag("--webhook-port=0") }
