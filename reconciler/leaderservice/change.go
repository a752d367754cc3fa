package leaderservice

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"

	"github.com/tanist-dev/tanist/leaderslice"
)

// serviceChange is a Service as it is and as it should be.
type serviceChange struct {
	current, desired *corev1.Service
}

// parts returns what a change is about, so that the same repair is recognised: each label and annotation with its new value, and the other
// parts that differ.
func (c *serviceChange) parts() []string {
	parts := slices.Concat(
		leaderslice.ChangedKeys("label ", c.current.Labels, c.desired.Labels),
		leaderslice.ChangedKeys("annotation ", c.current.Annotations, c.desired.Annotations))
	if !apiequality.Semantic.DeepEqual(c.current.OwnerReferences, c.desired.OwnerReferences) {
		parts = append(parts, "owner references")
	}
	if !apiequality.Semantic.DeepEqual(c.current.Spec.Selector, c.desired.Spec.Selector) {
		parts = append(parts, "selector")
	}
	spec := c.current.Spec
	spec.Selector = c.desired.Spec.Selector
	if !apiequality.Semantic.DeepEqual(spec, c.desired.Spec) {
		parts = append(parts, fmt.Sprintf("spec %s %v", c.desired.Spec.Type, c.desired.Spec.Ports))
	}
	return parts
}

// partNames returns the parts without their values.
func (c *serviceChange) partNames() []string {
	parts := c.parts()
	for i, part := range parts {
		parts[i], _, _ = strings.Cut(part, "=")
		if strings.HasPrefix(part, "spec ") {
			parts[i] = "spec"
		}
	}
	return parts
}
