package disruption

import (
	appsv1 "k8s.io/api/apps/v1"
)

// rollsOut reports whether a Deployment replaces pods of older revisions. The strategy makes no difference. With Recreate, the Deployment
// deletes them before there are new ones, so usually there is no pod to hand over to. If there is one, because the strategy was changed
// during a rollout, the other pods are deleted at once.
func rollsOut(deployment *appsv1.Deployment) bool {
	return !deployment.Spec.Paused && deployment.DeletionTimestamp == nil
}

// deploymentChanged reports whether an update can affect which pods the Deployment replaces.
func deploymentChanged(before, after *appsv1.Deployment) bool {
	return before.UID != after.UID || rollsOut(before) != rollsOut(after)
}
