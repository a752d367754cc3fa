package disruption

import (
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/reconciler/store"
)

// deploymentOf is the Deployment that a ReplicaSet belongs to; nil when it belongs to none, or to one that is not known.
func deploymentOf(v *store.Stores, set *metav1.PartialObjectMetadata) *appsv1.Deployment {
	owner := metav1.GetControllerOfNoCopy(set)
	if owner == nil || !isApps(owner, "Deployment") {
		return nil
	}
	deployment := v.Deployment(types.NamespacedName{Namespace: set.Namespace, Name: owner.Name})
	if deployment == nil || deployment.UID != owner.UID {
		return nil
	}
	return deployment
}

// rolls reports whether a Deployment replaces pods of older revisions. With the strategy Recreate it does so too: it deletes them
// before there are new ones, so as a rule there is no pod to hand over to, and when there is one (the strategy was changed in the
// course of a rollout) the others go at once.
func rolls(deployment *appsv1.Deployment) bool {
	return !deployment.Spec.Paused && deployment.DeletionTimestamp == nil
}

// deploymentHandler enqueues the Services that have pods of a Deployment when that is paused, resumed or deleted. Its counts and
// conditions enqueue nobody.
func (w Watcher) deploymentHandler() handler.TypedEventHandler[*appsv1.Deployment, reconcile.Request] {
	return whenChanged(deploymentChanged, func(q store.Queue, deployment *appsv1.Deployment) {
		for _, set := range w.Stores.ReplicaSetsOf(deployment.UID) {
			w.Enqueue(q, w.Stores.PodsOf(set.UID))
		}
	})
}

// deploymentChanged reports whether an update can change which pods go.
func deploymentChanged(before, after *appsv1.Deployment) bool {
	return before.UID != after.UID || rolls(before) != rolls(after)
}
