package disruption

import (
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/reconciler/store"
)

// deploymentOf returns the Deployment of a ReplicaSet; nil when it has none, or an unknown one.
func deploymentOf(stores *store.Stores, set *metav1.PartialObjectMetadata) *appsv1.Deployment {
	owner := metav1.GetControllerOfNoCopy(set)
	if owner == nil || !isApps(owner, "Deployment") {
		return nil
	}
	deployment := stores.Deployment(types.NamespacedName{Namespace: set.Namespace, Name: owner.Name})
	if deployment == nil || deployment.UID != owner.UID {
		return nil
	}
	return deployment
}

// rollsOut reports whether a Deployment replaces pods of older revisions. The strategy makes no difference. With Recreate, the Deployment
// deletes them before there are new ones, so usually there is no pod to hand over to. If there is one, because the strategy was changed
// during a rollout, the other pods go at once.
func rollsOut(deployment *appsv1.Deployment) bool {
	return !deployment.Spec.Paused && deployment.DeletionTimestamp == nil
}

// deploymentHandler enqueues the Services that select pods of a Deployment when that is paused, resumed or deleted. Other changes, such as
// those of its status, enqueue no Service.
func (w Watcher) deploymentHandler() handler.TypedEventHandler[*appsv1.Deployment, reconcile.Request] {
	return whenChanged(deploymentChanged, func(q store.Queue, deployment *appsv1.Deployment) {
		for _, set := range w.Stores.ReplicaSetsOf(deployment.UID) {
			w.Enqueue(q, w.Stores.PodsOf(set.UID))
		}
	})
}

// deploymentChanged reports whether an update can affect which pods the Deployment replaces.
func deploymentChanged(before, after *appsv1.Deployment) bool {
	return before.UID != after.UID || rollsOut(before) != rollsOut(after)
}
