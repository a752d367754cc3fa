package trim

import (
	"slices"
	"unique"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
)

// maxCustomConditions is how many conditions of applications are kept of a pod, and maxConditionType how long their types may be. A pod
// rarely has more than one for each load balancer and operator that looks after it.
const (
	maxCustomConditions = 16
	maxConditionType    = 317
)

// customConditions returns what is kept of the conditions that applications set on a pod: the types of those that are True, because a
// Service may ask for one of them. Which Services ask is not known here, so those of all pods are kept. Pods share the text of a type, so
// each takes little memory.
func customConditions(conditions []corev1.PodCondition) []corev1.PodCondition {
	var kept []corev1.PodCondition
	for i := range conditions {
		name := string(conditions[i].Type)
		if !config.CustomCondition(name) || len(name) > maxConditionType || conditions[i].Status != corev1.ConditionTrue ||
			slices.ContainsFunc(kept, func(other corev1.PodCondition) bool { return other.Type == conditions[i].Type }) {
			continue
		}
		if len(kept) == maxCustomConditions {
			break
		}
		kept = append(kept, corev1.PodCondition{Type: corev1.PodConditionType(shared(name)), Status: corev1.ConditionTrue})
	}
	return kept
}

// shared returns a text whose memory is shared with that of the same text elsewhere, as long as no garbage collection comes between.
func shared(text string) string { return unique.Make(text).Value() }

// nodeLabels returns the labels that are kept of a node: those by which a Service may prefer nodes. If a node has more than maxLabels, as
// where each feature of the hardware is one, the shortest are kept, and that of the zone, because observers need it.
func nodeLabels(node *corev1.Node) map[string]string {
	if len(node.Labels) == 0 {
		return nil
	}
	labels := node.Labels
	if len(labels) > maxLabels {
		labels = shortest(labels)
	}
	kept := make(map[string]string, len(labels)+1)
	for key, value := range labels {
		kept[shared(key)] = shared(value)
	}
	if zone := node.Labels[corev1.LabelTopologyZone]; zone != "" {
		kept[corev1.LabelTopologyZone] = shared(zone)
	}
	return kept
}
