package testbed

import (
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/rand"

	"github.com/tanist-dev/tanist/bench/floor"
	"github.com/tanist-dev/tanist/config"
)

// Workload is one of bench's own: a Deployment, the Service that selects its pods and, for the floor, the leader Service and its slice.
type Workload struct {
	Name  string
	Image string
	Pods  int
	Place Placement
	// lifecycle and grace are the pods'; nil leaves them to the cluster's admission.
	lifecycle *corev1.Lifecycle
	grace     *int64
}

// NewNamespace returns a namespace whose name begins with prefix, opted in to Tanist or not. The API server does not choose the name, so that it is
// known even if its answer is lost.
func NewNamespace(prefix string, optedIn bool) *corev1.Namespace {
	labels := map[string]string{ManagedByLabel: ManagedBy}
	if optedIn {
		labels[config.EnabledKey] = "true"
	}
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: prefix + rand.String(5), Labels: labels}}
}

// WorkloadName returns the name of one workload of a burst.
func WorkloadName(name string, number int) string {
	return fmt.Sprintf("%s-%03d", name, number)
}

func (w Workload) labels() map[string]string {
	return map[string]string{ManagedByLabel: ManagedBy, floor.WorkloadLabel: w.Name}
}

func (w Workload) selector() map[string]string {
	return map[string]string{floor.WorkloadLabel: w.Name}
}

// Deployment returns the Deployment of the workload's pods.
func (w Workload) Deployment() *appsv1.Deployment {
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: w.Name, Labels: w.labels()},
		Spec: appsv1.DeploymentSpec{
			Replicas: new(int32(w.Pods)),
			Selector: &metav1.LabelSelector{MatchLabels: w.selector()},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: w.labels()},
				Spec:       w.podSpec(),
			},
		},
	}
}

func (w Workload) podSpec() corev1.PodSpec {
	spec := restrictedPod(w.Image, []string{"bench-server"}, w.Place)
	spec.TerminationGracePeriodSeconds = w.grace
	spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
		MaxSkew: 1, TopologyKey: corev1.LabelHostname, WhenUnsatisfiable: corev1.ScheduleAnyway,
		LabelSelector: &metav1.LabelSelector{MatchLabels: w.selector()},
	}}
	container := &spec.Containers[0]
	container.Lifecycle = w.lifecycle
	container.Ports = []corev1.ContainerPort{{Name: portName, ContainerPort: ServerPort, Protocol: corev1.ProtocolTCP}}
	container.ReadinessProbe = &corev1.Probe{
		ProbeHandler:  corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/healthz", Port: intstr.FromString(portName)}},
		PeriodSeconds: 1, TimeoutSeconds: 1, FailureThreshold: 1, SuccessThreshold: 1,
	}
	return spec
}

// Service returns the annotated Service for which Tanist creates a leader Service.
func (w Workload) Service() *corev1.Service {
	service := w.source(w.Name)
	service.Annotations = map[string]string{config.EnabledKey: "true"}
	return service
}

// source returns a Service that selects the pods and is not opted in.
func (w Workload) source(name string) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: w.labels()},
		Spec:       corev1.ServiceSpec{Selector: w.selector(), Ports: servicePorts()},
	}
}

// FloorSource returns the floor's source Service. Tanist's leader Service has one, too: whenever a pod changes, Kubernetes writes the slices of
// the source Service, and all kube-proxies program them. So a hand-over of either contender competes with the same work.
func (w Workload) FloorSource() *corev1.Service {
	return w.source(w.Name + "-source")
}

// FloorLeader returns the floor's leader Service, without a selector, and its slice without endpoints, which the loop sets.
func (w Workload) FloorLeader(family discoveryv1.AddressType) (*corev1.Service, *discoveryv1.EndpointSlice) {
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: w.Name, Labels: w.labels()},
		Spec:       corev1.ServiceSpec{Ports: servicePorts()},
	}
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{Name: w.Name, Labels: map[string]string{
			discoveryv1.LabelServiceName: w.Name, discoveryv1.LabelManagedBy: FloorManagedBy, ManagedByLabel: ManagedBy,
		}},
		AddressType: family,
		Ports: []discoveryv1.EndpointPort{{
			Name: new(portName), Port: new(int32(ServerPort)), Protocol: new(corev1.ProtocolTCP),
		}},
	}
	return service, slice
}

func servicePorts() []corev1.ServicePort {
	return []corev1.ServicePort{{Name: portName, Port: 80, TargetPort: intstr.FromString(portName), Protocol: corev1.ProtocolTCP}}
}

// WithPreStopSleep makes pods sleep before they stop, so that they serve for so long after their deletion begins, and sets a grace period that
// leaves time for it. Without a sleep it sets the grace period alone.
func (w Workload) WithPreStopSleep(preStop time.Duration) Workload {
	grace := gracePeriod
	if w.Place.Simulated {
		grace = simulatedGracePeriod
	}
	w.grace = new(int64((grace + preStop) / time.Second))
	if preStop > 0 {
		w.lifecycle = &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{
			Sleep: &corev1.SleepAction{Seconds: int64(preStop / time.Second)},
		}}
	}
	return w
}

// EndLike makes the pods end as another workload's pod does after admission has changed it. Failovers of two workloads can be compared only
// if their pods end alike.
func (w Workload) EndLike(pod *corev1.Pod) Workload {
	w.grace = pod.Spec.TerminationGracePeriodSeconds
	w.lifecycle = pod.Spec.Containers[0].Lifecycle
	return w
}
