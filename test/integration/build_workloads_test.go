//go:build integration

package integration_test

import (
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// withReplicaSet creates a ReplicaSet of Deployment web, unless a change gives it another owner.
func (s *testNamespace) withReplicaSet(name string, revision int, change ...func(*appsv1.ReplicaSet)) *appsv1.ReplicaSet {
	s.t.Helper()
	labels := map[string]string{"app": "web", "pod-template-hash": name}
	set := &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Annotations: map[string]string{"deployment.kubernetes.io/revision": fmt.Sprint(revision)},
		},
		Spec: appsv1.ReplicaSetSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: podTemplate(labels),
		},
	}
	for _, change := range change {
		change(set)
	}
	if len(set.OwnerReferences) == 0 {
		s.ofDeployment("web")(set)
	}
	created, err := clientset.AppsV1().ReplicaSets(s.namespace).Create(s.t.Context(), set, metav1.CreateOptions{})
	if err != nil {
		s.t.Fatalf("failed to create ReplicaSet: %v", err)
	}
	return created
}

// ofDeployment makes a ReplicaSet one of a Deployment. It creates the Deployment if there is none: the garbage collector deletes what has
// no owner.
func (s *testNamespace) ofDeployment(name string) func(*appsv1.ReplicaSet) {
	return func(set *appsv1.ReplicaSet) {
		set.OwnerReferences = []metav1.OwnerReference{{
			APIVersion: "apps/v1", Kind: "Deployment", Name: name, UID: s.deployment(name).UID, Controller: new(true),
		}}
	}
}

// podTemplate is a template of pods with the labels.
func podTemplate(labels map[string]string) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: labels},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "none"}}},
	}
}

func (s *testNamespace) deployment(name string) *appsv1.Deployment {
	s.t.Helper()
	labels := map[string]string{"app": name}
	deployment, err := clientset.AppsV1().Deployments(s.namespace).Create(s.t.Context(), &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: podTemplate(labels),
		},
	}, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		deployment, err = clientset.AppsV1().Deployments(s.namespace).Get(s.t.Context(), name, metav1.GetOptions{})
	}
	if err != nil {
		s.t.Fatalf("failed to create Deployment: %v", err)
	}
	return deployment
}

func (s *testNamespace) patchDeployment(name, body string) {
	s.t.Helper()
	patch(s.t, clientset.AppsV1().Deployments(s.namespace), types.MergePatchType, name, body)
}

func (s *testNamespace) setRevision(set *appsv1.ReplicaSet, revision int) {
	s.t.Helper()
	body := fmt.Sprintf(`{"metadata":{"annotations":{"deployment.kubernetes.io/revision":"%d"}}}`, revision)
	patch(s.t, clientset.AppsV1().ReplicaSets(s.namespace), types.MergePatchType, set.Name, body)
}

// ofReplicaSet makes a pod one of a ReplicaSet.
func ofReplicaSet(set *appsv1.ReplicaSet) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.Labels["pod-template-hash"] = set.Name
		pod.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: set.Name, UID: set.UID, Controller: new(true)}}
	}
}

// restarts sets how often a pod's container was restarted.
func (s *testNamespace) restarts(pod string, count int) {
	s.t.Helper()
	s.status(pod, fmt.Sprintf(`{"containerStatuses":[{"name":"main","restartCount":%d,"ready":false,"image":"none","imageID":""}]}`, count))
}

func (s *testNamespace) withStatefulSet(name string, replicas int32, change ...func(*appsv1.StatefulSet)) *appsv1.StatefulSet {
	s.t.Helper()
	labels := map[string]string{"app": name}
	set := &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.StatefulSetSpec{
			Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: podTemplate(labels),
		},
	}
	for _, change := range change {
		change(set)
	}
	created, err := clientset.AppsV1().StatefulSets(s.namespace).Create(s.t.Context(), set, metav1.CreateOptions{})
	if err != nil {
		s.t.Fatalf("failed to create StatefulSet: %v", err)
	}
	return created
}

func (s *testNamespace) patchStatefulSet(name, body string, subresources ...string) {
	s.t.Helper()
	patch(s.t, clientset.AppsV1().StatefulSets(s.namespace), types.MergePatchType, name, body, subresources...)
}

// updateRevision does what a StatefulSet's controller does when it has seen a new template.
func (s *testNamespace) updateRevision(name, revision string) {
	s.t.Helper()
	s.patchStatefulSet(name, fmt.Sprintf(`{"status":{"replicas":3,"updateRevision":%q}}`, revision), "status")
}

func ofStatefulSet(set *appsv1.StatefulSet, revision string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.Labels["controller-revision-hash"] = revision
		pod.Labels["apps.kubernetes.io/pod-index"] = strings.TrimPrefix(pod.Name, set.Name+"-")
		pod.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "StatefulSet", Name: set.Name, UID: set.UID, Controller: new(true)}}
	}
}
