package disruptions

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/env"
)

const (
	kindDeployment  = "deployment"
	kindStatefulSet = "statefulset"
	// appKey labels the pods of an app; clients have clientsLabel instead, by which a drain leaves them where they are.
	appKey       = "e2e.tanist.dev/app"
	clientsLabel = "e2e.tanist.dev/clients"
)

// app is a workload and its Service, which have the same name.
type app struct {
	kind     string
	name     string
	replicas int32
	// cpu is what each pod requests.
	cpu string
}

// resource is the workload as kubectl takes it.
func (a app) resource() string { return a.kind + "/" + a.name }

func (a app) labels() map[string]string { return map[string]string{appKey: a.name} }

func (a app) selector() string { return appKey + "=" + a.name }

func (a app) service() *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: a.name, Annotations: map[string]string{config.EnabledKey: "true"}},
		Spec:       corev1.ServiceSpec{Selector: a.labels(), Ports: env.ServerPorts()},
	}
}

// template has a process as most are: it exits at once on SIGTERM.
func (a app) template() corev1.PodTemplateSpec {
	grace := int64(5)
	server := env.Server()
	server.Resources.Requests = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(a.cpu)}
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: a.labels()},
		Spec: corev1.PodSpec{
			TerminationGracePeriodSeconds: &grace,
			TopologySpreadConstraints: []corev1.TopologySpreadConstraint{{
				MaxSkew: 1, TopologyKey: corev1.LabelHostname, WhenUnsatisfiable: corev1.ScheduleAnyway,
				LabelSelector: &metav1.LabelSelector{MatchLabels: a.labels()}, MatchLabelKeys: a.hashKeys(),
			}},
			Containers: []corev1.Container{server},
		},
	}
}

// hashKeys spread each revision by itself. Otherwise the old revision's pods push the new one's onto one node.
func (a app) hashKeys() []string {
	if a.kind == kindStatefulSet {
		return nil
	}
	return []string{appsv1.DefaultDeploymentUniqueLabelKey}
}

func (a app) deployment() *appsv1.Deployment {
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: a.name},
		Spec: appsv1.DeploymentSpec{
			Replicas: &a.replicas, Selector: &metav1.LabelSelector{MatchLabels: a.labels()}, Template: a.template(),
		},
	}
}

func (a app) statefulSet() *appsv1.StatefulSet {
	return &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Name: a.name},
		Spec: appsv1.StatefulSetSpec{
			Replicas: &a.replicas, Selector: &metav1.LabelSelector{MatchLabels: a.labels()}, Template: a.template(),
			ServiceName: a.name,
		},
	}
}
