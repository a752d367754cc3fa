package webhook

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/tanist-dev/tanist/config"
)

// namespaces warns a user who opts a namespace out, misspells its label, or sets it where it has no effect. It refuses nothing: a namespace may be
// opted out, and a misspelt label is better than a Namespace that cannot be written.
type namespaces struct {
	services EnabledServices
	optedIn  OptedInNamespaces
}

func (n namespaces) handle(ctx context.Context, request ctrlwebhook.AdmissionRequest) (ctrlwebhook.AdmissionResponse, error) {
	namespace, err := decode[corev1.Namespace](request.Object)
	if err != nil {
		return ctrlwebhook.AdmissionResponse{}, err
	}
	old, err := decodeOld[corev1.Namespace](request)
	if err != nil {
		return ctrlwebhook.AdmissionResponse{}, err
	}
	return ctrlwebhook.Allowed("").WithWarnings(n.warnings(namespace, old, authenticated(ctx))...), nil
}

// warnings returns the warnings to the user. They are short, because the API server truncates long ones. old is nil for a new Namespace.
// An unauthenticated call learns nothing about a namespace that has not opted in.
func (n namespaces) warnings(namespace, old *corev1.Namespace, authenticated bool) []string {
	switch {
	case namespace.DeletionTimestamp != nil:
		return nil
	case config.Enabled(namespace.Labels) && authenticated && !n.optedIn.MayOptIn(namespace.Name):
		return []string{fmt.Sprintf("tanist: label %s has no effect in namespace %s: Tanist is installed for some namespaces only, and this is none of them",
			config.EnabledKey, namespace.Name)}
	case config.Enabled(namespace.Labels):
		return nil
	}
	var all []string
	if value, found := namespace.Labels[config.EnabledKey]; found && value != "false" {
		all = append(all, fmt.Sprintf("tanist: label %s=%q does not opt namespace %s in: the value must be \"true\"",
			config.EnabledKey, value, namespace.Name))
	}
	if old == nil || !config.Enabled(old.Labels) || !authenticated && !n.optedIn.OptedIn(namespace.Name) {
		return all
	}
	if losing := n.services.Enabled(namespace.Name); len(losing) > 0 {
		all = append(all, fmt.Sprintf("tanist: namespace %s is no longer opted in: the leader Services of %s will be removed after the tuning's optOutGrace, "+
			"unless the namespace has the label %s=true again", namespace.Name, nameSome(losing), config.EnabledKey))
	}
	return all
}

// nameSome names the first Services and counts the others.
func nameSome(services []*corev1.Service) string {
	const shown = 3
	names := make([]string, 0, len(services))
	for _, service := range services {
		names = append(names, service.Name)
	}
	slices.Sort(names)
	text := strings.Join(names[:min(shown, len(names))], ", ")
	if more := len(names) - shown; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
