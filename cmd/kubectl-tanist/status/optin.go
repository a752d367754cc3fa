package status

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
)

// LabelNamespace returns the command that lets a namespace opt in. kubectl changes a label that is there only with --overwrite.
func LabelNamespace(name string, labels map[string]string) string {
	return fmt.Sprintf("kubectl label namespace %s %s=true%s", name, config.EnabledKey, overwrite(labels))
}

// AnnotateService returns the command that lets a Service opt in.
func AnnotateService(service *corev1.Service) string {
	return fmt.Sprintf("kubectl annotate service %s --namespace %s %s=true%s", service.Name, service.Namespace, config.EnabledKey, overwrite(service.Annotations))
}

func overwrite(values map[string]string) string {
	if _, found := values[config.EnabledKey]; found {
		return " --overwrite"
	}
	return ""
}

// WrongLabel says what is wrong with a namespace's label: only "true" opts in, and "false" says no on purpose. It is empty if nothing is.
func WrongLabel(labels map[string]string) string {
	if !config.Mistyped(labels) {
		return ""
	}
	return fmt.Sprintf("its label %s=%q does not opt it in: the value must be \"true\"", config.EnabledKey, labels[config.EnabledKey])
}
