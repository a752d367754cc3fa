//go:build integration

package integration_test

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// futures is what the checker knows of the objects that announce what happens to pods.
type futures struct {
	// living are the pods that exist, as last seen.
	living map[types.UID]*corev1.Pod
	// cordoned has the nodes that are. newest is each Deployment's newest ReplicaSet, by the Deployment's UID. deployments has each
	// ReplicaSet's Deployment, by UIDs.
	cordoned    map[string]bool
	newest      map[types.UID]*appsv1.ReplicaSet
	deployments map[types.UID]types.UID
}

func newFutures() futures {
	return futures{
		living: map[types.UID]*corev1.Pod{}, cordoned: map[string]bool{}, newest: map[types.UID]*appsv1.ReplicaSet{},
		deployments: map[types.UID]types.UID{},
	}
}

// stays reports whether nothing announces that a pod goes.
func (f futures) stays(pod *corev1.Pod) bool {
	if f.cordoned[pod.Spec.NodeName] {
		return false
	}
	owner := metav1.GetControllerOf(pod)
	if owner == nil {
		return true
	}
	newest := f.newest[f.deployments[owner.UID]]
	return newest == nil || newest.UID == owner.UID
}

func (c *checker) pod(v version, pod *corev1.Pod) {
	c.living[pod.UID] = pod
	if v.gone {
		delete(c.living, pod.UID)
	}
	c.look(v, pod)
}

// look records how a pod is from a revision on.
func (c *checker) look(v version, pod *corev1.Pod) {
	_, lives := c.living[pod.UID]
	c.pods[pod.UID] = append(c.pods[pod.UID], podVersion{v.revision, lives && healthy(pod) && c.stays(pod), describe(pod, !lives)})
}

func (c *checker) node(v version, node *corev1.Node) {
	if goes := node.Spec.Unschedulable && !v.gone; goes != c.cordoned[node.Name] {
		c.cordoned[node.Name] = goes
		c.lookAtAll(v)
	}
}

func (c *checker) replicaSet(v version, set *appsv1.ReplicaSet) {
	owner := metav1.GetControllerOf(set)
	if owner == nil {
		return
	}
	c.deployments[set.UID] = owner.UID
	if newest := c.newest[owner.UID]; newest == nil || revisionNumber(newest) <= revisionNumber(set) {
		c.newest[owner.UID] = set
		c.lookAtAll(v)
	}
}

func (c *checker) lookAtAll(v version) {
	for _, pod := range c.living {
		c.look(v, pod)
	}
}
