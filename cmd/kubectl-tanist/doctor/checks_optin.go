package doctor

import (
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/config"
)

var namespaceChecks = []check{
	{"namespace-label", services, "each namespace that has the label is opted in by it", checkNamespaceLabel},
}

var optInChecks = applying([]check{
	{"namespace-opted-in", services, "each Service that asks for a leader is in a namespace that has opted in", checkOptedIn},
	{"annotations", services, "the annotations of Services and their pods are right", checkAnnotations},
	{"can-lead", services, "each of these Services can have a leader", withWarning(status.CannotHaveLeader, editService)},
}, nobodyAsks)

// labelNamespace returns the command that lets a namespace opt in.
func (f *facts) labelNamespace(name string) string {
	var labels map[string]string
	if namespace := f.namespace(name); namespace != nil {
		labels = namespace.GetLabels()
	}
	return status.LabelNamespace(name, labels)
}

// addNamespace says how to let a namespace opt in.
const addNamespace = "add the namespace to the chart's value watchNamespaces, and install the chart again"

func editService(l *leader) string { return l.command("edit service " + l.source.Name) }

func describeService(l *leader) string { return l.command("describe service " + l.source.Name) }

func checkNamespaceLabel(f *facts) (found findings) {
	if f.namespaces.unread != "" {
		return skip(f.namespaces.unread)
	}
	for _, namespace := range f.namespaces.value {
		if wrong := status.WrongLabel(namespace.Labels); wrong != "" {
			found.fail("Namespace "+namespace.Name, wrong, status.LabelNamespace(namespace.Name, namespace.Labels))
		}
		if config.Enabled(namespace.Labels) && !f.mayOptIn(namespace.Name) {
			found.fail("Namespace "+namespace.Name, "its label has no effect: Tanist is installed for some namespaces only ("+f.onlyNamespaces()+")",
				addNamespace)
		}
	}
	return found
}

// checkAnnotations fails for what is wrong, and warns of a preference for a pod that is not there, which may come.
func checkAnnotations(f *facts) findings {
	found := withWarning(status.WrongAnnotation, editService)(f)
	found.problems = append(found.problems, withWarning(status.WrongPodAnnotation, podsOf)(f).problems...)
	for i := range f.leaders {
		l := &f.leaders[i]
		for _, what := range l.warned(status.NoPreferredLeader) {
			found.warn(l.about(), what, editService(l))
		}
	}
	return found
}

func checkOptedIn(f *facts) (found findings) {
	if reason := unread(f.services.unread, f.namespaces.unread); reason != "" {
		return skip(reason)
	}
	for i := range f.leaders {
		l := &f.leaders[i]
		switch {
		case config.NeverOptsIn(l.source.Namespace, f.tanistNamespace):
			found.fail(l.about(), "this namespace can never opt in", "move the Service to another namespace")
		case !f.mayOptIn(l.source.Namespace) && config.Enabled(l.source.Annotations):
			found.fail(l.about(), "Tanist is installed for some namespaces only ("+f.onlyNamespaces()+"), so it ignores the Service", addNamespace)
		case !l.optedIn && config.Enabled(l.source.Annotations):
			found.fail(l.about(), "its namespace has not opted in, so Tanist ignores it", f.labelNamespace(l.source.Namespace))
		}
	}
	return found
}
