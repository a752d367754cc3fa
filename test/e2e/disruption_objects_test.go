//go:build e2e

package e2e

import (
	"os"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/tanist-dev/tanist/config"
)

const (
	kindDeployment  = "deployment"
	kindStatefulSet = "statefulset"
	// appKey labels the pods of an app; clients have clientsLabel instead, by which a drain leaves them where they are.
	appKey       = "e2e.tanist.dev/app"
	clientsLabel = "e2e.tanist.dev/clients"
)

// app is a workload with the name of its Service.
type app struct {
	kind     string
	name     string
	replicas int32
	// cpu is what each pod asks for.
	cpu string
}

// resource is how kubectl calls it.
func (a app) resource() string { return a.kind + "/" + a.name }

func (a app) labels() map[string]string { return map[string]string{appKey: a.name} }

func (a app) selector() string { return appKey + "=" + a.name }

func (a app) service() *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: a.name, Annotations: map[string]string{config.EnabledKey: "true"}},
		Spec: corev1.ServiceSpec{
			Selector: a.labels(), Ports: []corev1.ServicePort{{Name: "http", Port: 80, TargetPort: intstr.FromString("http")}},
		},
	}
}

// template is of pods as most programs make them: the process exits at once when it is told to stop.
func (a app) template() corev1.PodTemplateSpec {
	grace := int64(5)
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: a.labels()},
		Spec: corev1.PodSpec{
			TerminationGracePeriodSeconds: &grace,
			TopologySpreadConstraints: []corev1.TopologySpreadConstraint{{
				MaxSkew: 1, TopologyKey: corev1.LabelHostname, WhenUnsatisfiable: corev1.ScheduleAnyway,
				LabelSelector: &metav1.LabelSelector{MatchLabels: a.labels()}, MatchLabelKeys: a.hashKeys(),
			}},
			Containers: []corev1.Container{{
				Name: "web", Image: os.Getenv("BENCH_IMAGE"), Args: []string{"bench-server"},
				Ports:     []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}},
				Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(a.cpu)}},
				ReadinessProbe: &corev1.Probe{PeriodSeconds: 1, ProbeHandler: corev1.ProbeHandler{
					HTTPGet: &corev1.HTTPGetAction{Path: "/healthz", Port: intstr.FromString("http")},
				}},
			}},
		},
	}
}

// hashKeys spread each revision by itself: the old one's pods would otherwise push the new one's onto one node.
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
