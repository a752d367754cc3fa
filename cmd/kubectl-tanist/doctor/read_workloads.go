package doctor

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// workload is what rolls out pods.
type workload struct {
	// kind and name are as in a kubectl command: deployment, web.
	kind, name      string
	minReadySeconds int32
}

// readWorkloads reads how the workloads of the namespaces roll out.
func (r *reader) readWorkloads(ctx context.Context, f *facts) error {
	apps := r.client.AppsV1()
	deployments, deploymentsErr := apps.Deployments(r.namespace).List(ctx, list)
	replicaSets, replicaSetsErr := apps.ReplicaSets(r.namespace).List(ctx, list)
	statefulSets, statefulSetsErr := apps.StatefulSets(r.namespace).List(ctx, list)
	daemonSets, daemonSetsErr := apps.DaemonSets(r.namespace).List(ctx, list)
	for _, err := range []error{deploymentsErr, replicaSetsErr, statefulSetsErr, daemonSetsErr} {
		if err != nil {
			return answered(&f.workloads, "Deployments, ReplicaSets, StatefulSets and DaemonSets", nil, err)
		}
	}
	all := workloadsOf(deployments.Items, replicaSets.Items, statefulSets.Items, daemonSets.Items)
	return answered(&f.workloads, "workloads", all, nil)
}

// workloadsOf returns the workloads by the UID of the controller that their pods name. For a Deployment, these are its ReplicaSets.
func workloadsOf(deployments []appsv1.Deployment, replicaSets []appsv1.ReplicaSet, statefulSets []appsv1.StatefulSet, daemonSets []appsv1.DaemonSet) map[types.UID]workload {
	all := map[types.UID]workload{}
	for i := range deployments {
		d := &deployments[i]
		all[d.UID] = workload{"deployment", d.Name, d.Spec.MinReadySeconds}
	}
	for i := range replicaSets {
		if owner := metav1.GetControllerOfNoCopy(&replicaSets[i]); owner != nil {
			if deployment, known := all[owner.UID]; known {
				all[replicaSets[i].UID] = deployment
			}
		}
	}
	for i := range statefulSets {
		s := &statefulSets[i]
		all[s.UID] = workload{"statefulset", s.Name, s.Spec.MinReadySeconds}
	}
	for i := range daemonSets {
		d := &daemonSets[i]
		all[d.UID] = workload{"daemonset", d.Name, d.Spec.MinReadySeconds}
	}
	return all
}
