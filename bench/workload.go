package bench

import (
	"fmt"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/tanist-dev/tanist/config"
)

// Names of what bench makes. They are its own, apart from Tanist's, so that neither takes the other's objects for its own.
const (
	managedBy = "tanist-bench"
	// serviceLabel is on a pod of bench's own: the Service that selects it.
	serviceLabel = "bench.tanist.dev/service"
	// victimLabel marks the leaders that a burst deletes with one request.
	victimLabel = "bench.tanist.dev/victim"
	// managedByLabel is the usual label of whoever made an object.
	managedByLabel = "app.kubernetes.io/managed-by"

	serverPort = 8080
	portName   = "http"
	// gracePeriod is what a pod of bench's own gets besides its preStop: its server exits at once.
	gracePeriod = 5 * time.Second
)

// placement is where pods of bench's own go.
type placement struct {
	// hosts are the nodes to choose from; empty: the scheduler's choice, where all nodes are of one kind.
	hosts []string
	// simulated says that these are KWOK nodes.
	simulated bool
}

// workload is one of bench's own: a Deployment, the Service that selects its pods and, for the floor, the leader Service and its
// slice.
type workload struct {
	name  string
	image string
	pods  int
	place placement
	// preStop and grace are the pods'; zero values leave both to the cluster's admission.
	lifecycle *corev1.Lifecycle
	grace     *int64
}

func newNamespace(prefix string, optedIn bool) *corev1.Namespace {
	labels := map[string]string{managedByLabel: managedBy}
	if optedIn {
		labels[config.EnabledKey] = "true"
	}
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: prefix, Labels: labels}}
}

func (w workload) labels() map[string]string {
	return map[string]string{managedByLabel: managedBy, serviceLabel: w.name}
}

func (w workload) deployment() *appsv1.Deployment {
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: w.name, Labels: w.labels()},
		Spec: appsv1.DeploymentSpec{
			Replicas: new(int32(w.pods)),
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{serviceLabel: w.name}},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: w.labels()},
				Spec:       w.podSpec(),
			},
		},
	}
}

func (w workload) podSpec() corev1.PodSpec {
	spec := restrictedPod(w.image, []string{"bench-server"}, w.place)
	spec.TerminationGracePeriodSeconds = w.grace
	spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
		MaxSkew: 1, TopologyKey: corev1.LabelHostname, WhenUnsatisfiable: corev1.ScheduleAnyway,
		LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{serviceLabel: w.name}},
	}}
	container := &spec.Containers[0]
	container.Lifecycle = w.lifecycle
	container.Ports = []corev1.ContainerPort{{Name: portName, ContainerPort: serverPort, Protocol: corev1.ProtocolTCP}}
	container.ReadinessProbe = &corev1.Probe{
		ProbeHandler:  corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/healthz", Port: intstr.FromString(portName)}},
		PeriodSeconds: 1, TimeoutSeconds: 1, FailureThreshold: 1, SuccessThreshold: 1,
	}
	return spec
}

// service is the annotated Service that Tanist gives a leader Service.
func (w workload) service() *corev1.Service {
	service := w.source(w.name)
	service.Annotations = map[string]string{config.EnabledKey: "true"}
	return service
}

// source is a Service that selects the pods and asks nothing of Tanist.
func (w workload) source(name string) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: w.labels()},
		Spec:       corev1.ServiceSpec{Selector: map[string]string{serviceLabel: w.name}, Ports: servicePorts()},
	}
}

func servicePorts() []corev1.ServicePort {
	return []corev1.ServicePort{{Name: portName, Port: 80, TargetPort: intstr.FromString(portName), Protocol: corev1.ProtocolTCP}}
}

// keepServing is how pods serve on after their deletion begins.
func (w workload) keepServing(preStop time.Duration) workload {
	w.grace = new(int64((gracePeriod + preStop) / time.Second))
	if preStop > 0 {
		w.lifecycle = &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{
			Sleep: &corev1.SleepAction{Seconds: int64(preStop / time.Second)},
		}}
	}
	return w
}

// endLike makes the pods end as those of another workload do, as admission has changed them: what ends differently cannot be
// compared.
func (w workload) endLike(pod *corev1.Pod) workload {
	w.grace = pod.Spec.TerminationGracePeriodSeconds
	w.lifecycle = pod.Spec.Containers[0].Lifecycle
	return w
}

// trafficPod is a client that stops by itself: after its time, or with the namespace.
func trafficPod(name, image string, place placement, args []string, limit time.Duration) *corev1.Pod {
	spec := restrictedPod(image, append([]string{"bench-client"}, args...), place)
	spec.RestartPolicy = corev1.RestartPolicyNever
	spec.ActiveDeadlineSeconds = new(int64(limit/time.Second) + 60)
	spec.TerminationGracePeriodSeconds = new(int64(1))
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{managedByLabel: managedBy}},
		Spec:       spec,
	}
}

// restrictedPod is a pod of one container that the restricted pod security standard admits.
func restrictedPod(image string, args []string, place placement) corev1.PodSpec {
	spec := corev1.PodSpec{
		AutomountServiceAccountToken: new(false),
		EnableServiceLinks:           new(false),
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot: new(true), RunAsUser: new(int64(65532)), RunAsGroup: new(int64(65532)),
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
		Containers: []corev1.Container{{
			Name: strings.TrimPrefix(args[0], "bench-"), Image: image, ImagePullPolicy: corev1.PullIfNotPresent, Args: args,
			Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{
				corev1.ResourceCPU: resource.MustParse("10m"), corev1.ResourceMemory: resource.MustParse("16Mi"),
			}},
			SecurityContext: &corev1.SecurityContext{
				AllowPrivilegeEscalation: new(false), ReadOnlyRootFilesystem: new(true),
				Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			},
		}},
	}
	if place.simulated {
		spec.Tolerations = []corev1.Toleration{{Key: kwokKey, Operator: corev1.TolerationOpExists}}
	}
	if len(place.hosts) > 0 {
		spec.Affinity = onHosts(place.hosts)
	}
	return spec
}

func onHosts(hosts []string) *corev1.Affinity {
	return &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
			MatchExpressions: []corev1.NodeSelectorRequirement{
				{Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpIn, Values: hosts},
			},
		}}},
	}}
}

// burstName is the name of one of the workloads of a burst.
func burstName(name string, number int) string {
	return fmt.Sprintf("%s-%03d", name, number)
}
