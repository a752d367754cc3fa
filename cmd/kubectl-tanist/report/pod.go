package report

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
)

// Pod is what is included of a pod: no environment, command line, volume, image or path.
type Pod struct {
	Meta                  `json:",inline"`
	Node                  string         `json:"node,omitempty"`
	HostNetwork           bool           `json:"hostNetwork,omitempty"`
	RestartPolicy         string         `json:"restartPolicy,omitempty"`
	TerminationGrace      *int64         `json:"terminationGracePeriodSeconds,omitempty"`
	ReadinessGates        []string       `json:"readinessGates,omitempty"`
	DrainWindow           string         `json:"drainWindow"`
	OwnPreStop            bool           `json:"ownPreStop,omitempty"`
	Phase                 string         `json:"phase,omitempty"`
	Reason                string         `json:"reason,omitempty"`
	IPs                   []corev1.PodIP `json:"ips,omitempty"`
	Conditions            []Condition    `json:"conditions,omitempty"`
	Containers            []Container    `json:"containers,omitempty"`
	RestartableInit       []Container    `json:"restartableInitContainers,omitempty"`
	NumberOfEphemeralOnes int            `json:"ephemeralContainers,omitempty"`
}

// Condition is a condition of a pod or a Deployment.
type Condition struct {
	Type    string     `json:"type"`
	Status  string     `json:"status"`
	Reason  string     `json:"reason,omitempty"`
	Message string     `json:"message,omitempty"`
	Since   *time.Time `json:"since,omitempty"`
}

// Container is what is included of a container.
type Container struct {
	Name      string                 `json:"name"`
	Ports     []corev1.ContainerPort `json:"ports,omitempty"`
	Readiness *Probe                 `json:"readinessProbe,omitempty"`
	Startup   *Probe                 `json:"startupProbe,omitempty"`
	Liveness  *Probe                 `json:"livenessProbe,omitempty"`
	Ready     bool                   `json:"ready"`
	Restarts  int32                  `json:"restarts,omitempty"`
	// State and LastState are such as Running, Waiting: CrashLoopBackOff, or Terminated: OOMKilled.
	State     string `json:"state,omitempty"`
	LastState string `json:"lastState,omitempty"`
	ExitCode  *int32 `json:"lastExitCode,omitempty"`
}

// Probe is how a container is asked, without what it is asked: a path, a header or a command may have a secret.
type Probe struct {
	Kind      string `json:"kind"`
	Port      string `json:"port,omitempty"`
	Delay     int32  `json:"initialDelaySeconds,omitempty"`
	Period    int32  `json:"periodSeconds,omitempty"`
	Timeout   int32  `json:"timeoutSeconds,omitempty"`
	Successes int32  `json:"successThreshold,omitempty"`
	Failures  int32  `json:"failureThreshold,omitempty"`
}

// kubernetesConditions are those whose messages Kubernetes writes. Anybody may write others.
var kubernetesConditions = []corev1.PodConditionType{
	corev1.PodScheduled, corev1.PodReady, corev1.PodInitialized, corev1.ContainersReady, corev1.DisruptionTarget, corev1.PodReadyToStartContainers,
}

func podOf(p *corev1.Pod) Pod {
	window, ownPreStop := config.DrainWindowOf(&p.Spec)
	pod := Pod{
		Meta: metaOf(&p.ObjectMeta), Node: p.Spec.NodeName, HostNetwork: p.Spec.HostNetwork, RestartPolicy: string(p.Spec.RestartPolicy),
		TerminationGrace: p.Spec.TerminationGracePeriodSeconds, DrainWindow: window.String(), OwnPreStop: ownPreStop,
		Phase: string(p.Status.Phase), Reason: p.Status.Reason, IPs: p.Status.PodIPs, NumberOfEphemeralOnes: len(p.Spec.EphemeralContainers),
	}
	for _, gate := range p.Spec.ReadinessGates {
		pod.ReadinessGates = append(pod.ReadinessGates, string(gate.ConditionType))
	}
	for i := range p.Status.Conditions {
		c := &p.Status.Conditions[i]
		message := ""
		if slices.Contains(kubernetesConditions, c.Type) {
			message = c.Message
		}
		pod.Conditions = append(pod.Conditions, Condition{string(c.Type), string(c.Status), c.Reason, message, timeOf(&c.LastTransitionTime)})
	}
	pod.Containers = containersOf(p.Spec.Containers, p.Status.ContainerStatuses)
	sidecars := slices.DeleteFunc(slices.Clone(p.Spec.InitContainers), func(c corev1.Container) bool { return c.RestartPolicy == nil })
	pod.RestartableInit = containersOf(sidecars, p.Status.InitContainerStatuses)
	return pod
}

func containersOf(containers []corev1.Container, statuses []corev1.ContainerStatus) []Container {
	var all []Container
	for i := range containers {
		c := &containers[i]
		one := Container{Name: c.Name, Ports: c.Ports, Readiness: probeOf(c.ReadinessProbe), Startup: probeOf(c.StartupProbe), Liveness: probeOf(c.LivenessProbe)}
		for j := range statuses {
			if s := &statuses[j]; s.Name == c.Name {
				one.Ready, one.Restarts, one.State, one.LastState = s.Ready, s.RestartCount, stateOf(&s.State), stateOf(&s.LastTerminationState)
				if last := s.LastTerminationState.Terminated; last != nil {
					one.ExitCode = &last.ExitCode
				}
			}
		}
		all = append(all, one)
	}
	return all
}

func stateOf(s *corev1.ContainerState) string {
	switch {
	case s.Running != nil:
		return "Running"
	case s.Waiting != nil:
		return "Waiting: " + s.Waiting.Reason
	case s.Terminated != nil:
		return "Terminated: " + s.Terminated.Reason
	}
	return ""
}

func probeOf(p *corev1.Probe) *Probe {
	if p == nil {
		return nil
	}
	probe := &Probe{Delay: p.InitialDelaySeconds, Period: p.PeriodSeconds, Timeout: p.TimeoutSeconds, Successes: p.SuccessThreshold, Failures: p.FailureThreshold}
	switch {
	case p.HTTPGet != nil:
		probe.Kind, probe.Port = "httpGet", p.HTTPGet.Port.String()
	case p.TCPSocket != nil:
		probe.Kind, probe.Port = "tcpSocket", p.TCPSocket.Port.String()
	case p.GRPC != nil:
		probe.Kind = "grpc"
	case p.Exec != nil:
		probe.Kind = "exec"
	}
	return probe
}
