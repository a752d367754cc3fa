//go:build integration

package integration_test

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Workloads that Kubernetes' own controllers manage, in a namespace made with realWorkloads. The method runs makes their pods ready.

// template is the template of a workload's pods, with app=<app> and the port that serviceOf uses.
func template(app string) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": app}},
		Spec: corev1.PodSpec{
			TerminationGracePeriodSeconds: new(int64(1)),
			Containers: []corev1.Container{{
				Name: "main", Image: "none", Ports: []corev1.ContainerPort{{Name: "web", ContainerPort: 8080}},
				ReadinessProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromString("web")}}},
			}},
		},
	}
}

// deploymentOf returns a Deployment with the name of its pods' app.
func deploymentOf(app string, replicas int32) *appsv1.Deployment {
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: app},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": app}}, Template: template(app),
		},
	}
}

// withDeployment creates a Deployment.
func (s *testNamespace) withDeployment(app string, replicas int32) *appsv1.Deployment {
	s.t.Helper()
	created, err := clientset.AppsV1().Deployments(s.namespace).Create(s.t.Context(), deploymentOf(app, replicas), metav1.CreateOptions{})
	if err != nil {
		s.t.Fatalf("failed to create Deployment: %v", err)
	}
	return created
}

// withJob creates a Job of one pod with app=<app>.
func (s *testNamespace) withJob(app, name string) *batchv1.Job {
	s.t.Helper()
	job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: batchv1.JobSpec{Template: template(app)}}
	job.Spec.Template.Spec.RestartPolicy = corev1.RestartPolicyNever
	created, err := clientset.BatchV1().Jobs(s.namespace).Create(s.t.Context(), job, metav1.CreateOptions{})
	if err != nil {
		s.t.Fatalf("failed to create Job: %v", err)
	}
	return created
}

// withDaemonSet creates a DaemonSet with the name of its pods' app, and a pod on each of some nodes.
func (s *testNamespace) withDaemonSet(app string, nodes ...string) *appsv1.DaemonSet {
	s.t.Helper()
	set := &appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{Name: app},
		Spec: appsv1.DaemonSetSpec{
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": app}}, Template: template(app),
		},
	}
	var terms []corev1.NodeSelectorTerm
	for _, node := range nodes {
		terms = append(terms, corev1.NodeSelectorTerm{MatchFields: []corev1.NodeSelectorRequirement{
			{Key: metav1.ObjectNameField, Operator: corev1.NodeSelectorOpIn, Values: []string{node}},
		}})
	}
	set.Spec.Template.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: terms},
	}}
	// The nodes have no kubelet, so they keep the taint that says they are not ready.
	set.Spec.Template.Spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
	created, err := clientset.AppsV1().DaemonSets(s.namespace).Create(s.t.Context(), set, metav1.CreateOptions{})
	if err != nil {
		s.t.Fatalf("failed to create DaemonSet: %v", err)
	}
	return created
}

// leadsOne waits until a pod leads that a workload of this kind owns, and that is none of the others.
func (s *testNamespace) leadsOne(service, kind string, others ...string) leadership {
	s.t.Helper()
	return s.says(service, "a pod of a "+kind+" leads", func(l leadership) bool {
		pod := history.pod(s.namespace, l.Leader)
		return l.Ready && !slices.Contains(others, l.Leader) && pod != nil && metav1.GetControllerOf(pod) != nil && metav1.GetControllerOf(pod).Kind == kind
	})
}
