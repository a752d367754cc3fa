package page

import (
	"time"

	corev1 "k8s.io/api/core/v1"
)

// ofNode returns what has happened to the node of a pod, as of the pod. before is nil for a node that was not known, and after for one that
// is gone.
func ofNode(before, after *corev1.Node, now time.Time) []happening {
	switch {
	case after == nil:
		return []happening{{"node gone " + string(before.UID), Disruption{At: now, Text: "lost its node " + before.Name + ", which was removed"}}}
	case before != nil && !before.Spec.Unschedulable && after.Spec.Unschedulable:
		// The API does not keep when that was.
		return []happening{{"cordoned " + now.String(), Disruption{At: now, Planned: true, Text: "was on node " + after.Name + " when it was cordoned"}}}
	}
	for _, condition := range after.Status.Conditions {
		if condition.Type == corev1.NodeReady && condition.Status != corev1.ConditionTrue {
			at := condition.LastTransitionTime.Time
			return []happening{{"node not ready " + at.String(), Disruption{
				At: at, Text: "was on node " + after.Name + " when it was no longer ready" + inBrackets(condition.Reason),
			}}}
		}
	}
	return nil
}
