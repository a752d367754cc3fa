//go:build integration

package integration_test

import (
	"encoding/json"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
)

// What the tests do to the objects that tell of the pods' future: nodes, ReplicaSets, StatefulSets and the tuning. Their controllers
// are played by the tests.

// tune puts a tuning in force. A replica that is running has it a moment later.
func (i *tanist) tune(text string) {
	i.t.Helper()
	body, err := json.Marshal(map[string]any{"data": map[string]string{config.TuningKey: text}})
	if err != nil {
		i.t.Fatal(err)
	}
	configMaps := clientset.CoreV1().ConfigMaps(i.namespace)
	if _, err := configMaps.Patch(i.t.Context(), config.TuningConfigMap, types.MergePatchType, body, metav1.PatchOptions{}); err == nil {
		return
	}
	if _, err := configMaps.Create(i.t.Context(), &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: config.TuningConfigMap}, Data: map[string]string{config.TuningKey: text},
	}, metav1.CreateOptions{}); err != nil {
		i.t.Fatalf("failed to create ConfigMap: %v", err)
	}
}

// withNode makes the node of a pod's own.
func (s *scene) withNode(pod string) string {
	s.t.Helper()
	name := s.namespace + "-" + pod
	if _, err := clientset.CoreV1().Nodes().Create(s.t.Context(), &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{}); err != nil {
		s.t.Fatalf("failed to create Node: %v", err)
	}
	return name
}

func (s *scene) patchNode(name, body string, subresources ...string) {
	s.t.Helper()
	if _, err := clientset.CoreV1().Nodes().Patch(
		s.t.Context(), name, types.StrategicMergePatchType, []byte(body), metav1.PatchOptions{}, subresources...); err != nil {
		s.t.Fatalf("failed to patch Node: %v", err)
	}
}

func onNode(name string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) { pod.Spec.NodeName = name }
}

func (s *scene) cordon(node string) {
	s.t.Helper()
	s.patchNode(node, `{"spec":{"unschedulable":true}}`)
}

const shuttingDown = `{"status":{"conditions":[{"type":"Ready","status":"False","reason":"KubeletNotReady","message":"node is shutting down"}]}}`

func (s *scene) taint(node, key string) {
	s.t.Helper()
	s.patchNode(node, fmt.Sprintf(`{"spec":{"taints":[{"key":%q,"effect":"NoSchedule"}]}}`, key))
}

// withReplicaSet makes a ReplicaSet of Deployment web, unless a change makes it another one's.
func (s *scene) withReplicaSet(name string, revision int, change ...func(*appsv1.ReplicaSet)) *appsv1.ReplicaSet {
	s.t.Helper()
	labels := map[string]string{"app": "web", "pod-template-hash": name}
	set := &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Annotations: map[string]string{"deployment.kubernetes.io/revision": fmt.Sprint(revision)},
		},
		Spec: appsv1.ReplicaSetSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "none"}}},
			},
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

// ofDeployment is a ReplicaSet of a Deployment of this name, which is made if need be: the garbage
// collector takes what belongs to nothing.
func (s *scene) ofDeployment(name string) func(*appsv1.ReplicaSet) {
	return func(set *appsv1.ReplicaSet) {
		set.OwnerReferences = []metav1.OwnerReference{{
			APIVersion: "apps/v1", Kind: "Deployment", Name: name, UID: s.deployment(name).UID, Controller: new(true),
		}}
	}
}

func (s *scene) deployment(name string) *appsv1.Deployment {
	s.t.Helper()
	labels := map[string]string{"app": name}
	deployment, err := clientset.AppsV1().Deployments(s.namespace).Create(s.t.Context(), &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "none"}}},
			},
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

func (s *scene) patchDeployment(name, body string) {
	s.t.Helper()
	if _, err := clientset.AppsV1().Deployments(s.namespace).Patch(
		s.t.Context(), name, types.MergePatchType, []byte(body), metav1.PatchOptions{}); err != nil {
		s.t.Fatalf("failed to patch Deployment: %v", err)
	}
}

func (s *scene) setRevision(set *appsv1.ReplicaSet, revision int) {
	s.t.Helper()
	body := fmt.Sprintf(`{"metadata":{"annotations":{"deployment.kubernetes.io/revision":"%d"}}}`, revision)
	if _, err := clientset.AppsV1().ReplicaSets(s.namespace).Patch(
		s.t.Context(), set.Name, types.MergePatchType, []byte(body), metav1.PatchOptions{}); err != nil {
		s.t.Fatalf("failed to patch ReplicaSet: %v", err)
	}
}

// ofReplicaSet is a pod of a ReplicaSet.
func ofReplicaSet(set *appsv1.ReplicaSet) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.Labels["pod-template-hash"] = set.Name
		pod.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: set.Name, UID: set.UID, Controller: new(true)}}
	}
}

// restarts says that a pod's container was started again.
func (s *scene) restarts(pod string, count int) {
	s.t.Helper()
	s.status(pod, fmt.Sprintf(`{"containerStatuses":[{"name":"main","restartCount":%d,"ready":false,"image":"none","imageID":""}]}`, count))
}

func (s *scene) withStatefulSet(name string, replicas int32, change ...func(*appsv1.StatefulSet)) *appsv1.StatefulSet {
	s.t.Helper()
	labels := map[string]string{"app": name}
	set := &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.StatefulSetSpec{
			Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "none"}}},
			},
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

func (s *scene) patchStatefulSet(name, body string, subresources ...string) {
	s.t.Helper()
	if _, err := clientset.AppsV1().StatefulSets(s.namespace).Patch(
		s.t.Context(), name, types.MergePatchType, []byte(body), metav1.PatchOptions{}, subresources...); err != nil {
		s.t.Fatalf("failed to patch StatefulSet: %v", err)
	}
}

// updateRevision is the StatefulSet's controller: it has looked at a new template.
func (s *scene) updateRevision(name, revision string) {
	s.t.Helper()
	s.patchStatefulSet(name, fmt.Sprintf(`{"status":{"replicas":3,"updateRevision":%q}}`, revision), "status")
}

func ofStatefulSet(set *appsv1.StatefulSet, revision string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.Labels["controller-revision-hash"] = revision
		pod.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "StatefulSet", Name: set.Name, UID: set.UID, Controller: new(true)}}
	}
}
