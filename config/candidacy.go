package config

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// MaxPreferredNodes is the longest selector of preferred nodes, in bytes. It is matched against the nodes of all the Service's pods.
const MaxPreferredNodes = 1 << 10

// ParseCandidate parses the annotation tanist.dev/candidate of a pod: whether the pod may be made leader. It returns true if the annotation
// is missing or wrong. The error is a *field.Error.
func ParseCandidate(podAnnotations map[string]string) (bool, error) {
	switch value, found := podAnnotations[CandidateKey]; {
	case !found || value == "true":
		return true, nil
	case value == "false":
		return false, nil
	default:
		return true, field.NotSupported(annotationsPath.Key(CandidateKey), cut(value), []string{"true", "false"})
	}
}

// Excluded says why the user does not want a pod to be made leader; empty if it may be. The condition is the one that its Service asks
// for; empty for none. A wrong annotation excludes nobody: the failover controller sends an Event about it.
func Excluded(pod *corev1.Pod, condition string) string {
	if may, _ := ParseCandidate(pod.Annotations); !may {
		return "its annotation " + CandidateKey + " is false"
	}
	has := func(c corev1.PodCondition) bool {
		return string(c.Type) == condition && c.Status == corev1.ConditionTrue
	}
	if condition == "" || slices.ContainsFunc(pod.Status.Conditions, has) {
		return ""
	}
	return "its condition " + condition + " is not True, as " + CandidateConditionKey + " on the Service asks for"
}

// CustomCondition reports whether a type of a pod's conditions has a domain, unlike those of Kubernetes itself. Only such a type may be the
// value of the annotation tanist.dev/candidate-condition.
func CustomCondition(conditionType string) bool { return strings.Contains(conditionType, "/") }

// condition parses the type of a condition of pods. An empty value is none.
func (p *parser) condition(key string, into *string) {
	value := p.annotations[key]
	if value == "" {
		return
	}
	if len(validation.IsQualifiedName(value)) > 0 || !CustomCondition(value) {
		p.reject(key, value, "must be the type of a condition that an application sets on its pods, with a domain, such as example.com/CaughtUp")
		return
	}
	*into = value
}

// nodeSelector parses a label selector of nodes. An empty value is none: a selector without requirements would prefer every node.
func (p *parser) nodeSelector(key string, into *string) {
	value := p.annotations[key]
	if strings.TrimSpace(value) == "" {
		return
	}
	const must = "must be a selector of node labels, such as topology.kubernetes.io/zone=eu-1a"
	if len(value) > MaxPreferredNodes {
		p.reject(key, value, fmt.Sprintf("%s, of at most %d bytes", must, MaxPreferredNodes))
		return
	}
	if _, err := labels.Parse(value); err != nil {
		p.reject(key, value, must+": "+cut(err.Error()))
		return
	}
	*into = value
}

// NodeSelector returns the selector of the nodes whose pods are preferred; one that matches no node if there is none.
func (o Options) NodeSelector() labels.Selector {
	if o.PreferredNodes == "" {
		return labels.Nothing()
	}
	selector, err := labels.Parse(o.PreferredNodes)
	if err != nil { // ParseOptions accepts no such value
		return labels.Nothing()
	}
	return selector
}
