package disruption

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/trim"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestCandidate(t *testing.T) {
	both := []discoveryv1.AddressType{discoveryv1.AddressTypeIPv4, discoveryv1.AddressTypeIPv6}
	cases := map[string]struct {
		pod       func(*corev1.Pod)
		announced Disruption
		tuning    func(*config.ElectionTuning)
		options   config.Options
		want      func(*election.Candidate)
	}{
		"a ready pod": {},
		"a pod that lost its readiness": {
			pod:  gen.NotReady,
			want: func(c *election.Candidate) { c.Ready = false },
		},
		"a pod that Kubernetes' node controller has marked": {
			pod:  gen.MarkedNotReady,
			want: func(c *election.Candidate) { c.Ready, c.NodeUnknown = false, true },
		},
		"a pod without conditions": {
			pod:  func(pod *corev1.Pod) { pod.Status.Conditions = nil },
			want: func(c *election.Candidate) { c.Ready, c.ReadySince = false, time.Time{} },
		},
		"a pod whose deletion has begun": {
			pod:  gen.Terminating,
			want: func(c *election.Candidate) { c.Terminating = true },
		},
		"a pod that lost its readiness after its deletion began": {
			pod:  func(pod *corev1.Pod) { gen.Terminating(pod); gen.NotReady(pod) },
			want: func(c *election.Candidate) { c.Terminating, c.Ready = true, false },
		},
		"a pod that will be evicted": {
			pod:  gen.DisruptionTarget,
			want: func(c *election.Candidate) { c.Announced = election.AnnouncedDisruption },
		},
		"a pod whose eviction was called off": {
			pod: func(pod *corev1.Pod) {
				gen.DisruptionTarget(pod)
				pod.Status.Conditions[1].Status = corev1.ConditionFalse
			},
		},
		"a pod that will be evicted, which the tuning ignores": {
			pod:    gen.DisruptionTarget,
			tuning: func(t *config.ElectionTuning) { t.HandoverOnDisruptionTarget = false },
		},
		"a pod on a node that is about to go": {
			announced: Disruption{announced: election.AnnouncedNode},
			want:      func(c *election.Candidate) { c.Announced = election.AnnouncedNode },
		},
		"a pod on a node that is about to go, and that will be evicted": {
			pod:       gen.DisruptionTarget,
			announced: Disruption{announced: election.AnnouncedNode},
			want:      func(c *election.Candidate) { c.Announced = election.AnnouncedDisruption },
		},
		"a pod that a rollout replaces": {
			announced: Disruption{workload: "w", outdated: true},
			want:      func(c *election.Candidate) { c.Workload, c.Outdated = "w", true },
		},
		"a pod with a restarted container": {
			pod: func(pod *corev1.Pod) {
				pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "main", RestartCount: 2}, {Name: "other"}}
			},
			want: func(c *election.Candidate) { c.Restarted = true },
		},
		"a pod with a restarted sidecar": {
			pod: func(pod *corev1.Pod) {
				pod.Spec.InitContainers = []corev1.Container{{Name: "proxy", RestartPolicy: new(corev1.ContainerRestartPolicyAlways)}}
				pod.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "proxy", RestartCount: 1}}
			},
			want: func(c *election.Candidate) { c.Restarted = true },
		},
		"a pod with a restarted init container": {
			pod: func(pod *corev1.Pod) {
				pod.Spec.InitContainers = []corev1.Container{{Name: "setup"}}
				pod.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "setup", RestartCount: 1}}
			},
		},
		"a pod whose container was restarted because it was resized": {
			pod: gen.ResizedPod(2, 1, corev1.ContainerStateTerminated{ExitCode: 143, Reason: "Error"}),
		},
		"a pod of a Job": {
			pod: func(pod *corev1.Pod) {
				pod.OwnerReferences, pod.Spec.RestartPolicy = gen.Controlled("batch/v1", "Job", "migrate"), corev1.RestartPolicyOnFailure
			},
			want: func(c *election.Candidate) { c.Finite = true },
		},
		"a pod without a probe": {
			pod:  func(pod *corev1.Pod) { pod.Spec.ReadinessGates = nil },
			want: func(c *election.Candidate) { c.Unprobed = true },
		},
		"a deletion cost": {
			pod:  func(pod *corev1.Pod) { pod.Annotations = map[string]string{corev1.PodDeletionCost: "-100"} },
			want: func(c *election.Candidate) { c.DeletionCost = -100 },
		},
		"an invalid deletion cost": {
			pod: func(pod *corev1.Pod) { pod.Annotations = map[string]string{corev1.PodDeletionCost: "high"} },
		},
		"a deletion cost, which the tuning ignores": {
			pod:    func(pod *corev1.Pod) { pod.Annotations = map[string]string{corev1.PodDeletionCost: "-100"} },
			tuning: func(t *config.ElectionTuning) { t.HandoverOnScaleDown = false },
		},
		"a priority": {
			pod:  func(pod *corev1.Pod) { pod.Annotations = map[string]string{config.PriorityKey: "-3"} },
			want: func(c *election.Candidate) { c.Priority = -3 },
		},
		"an invalid priority": {
			pod: func(pod *corev1.Pod) { pod.Annotations = map[string]string{config.PriorityKey: "high"} },
		},
		"a pod of a StatefulSet": {
			pod:  func(pod *corev1.Pod) { pod.Labels["apps.kubernetes.io/pod-index"] = "12" },
			want: func(c *election.Candidate) { c.Ordinal = 12 },
		},
		"a pod of a StatefulSet without the label": {
			pod: func(pod *corev1.Pod) {
				pod.Name = "db-7"
				pod.OwnerReferences = []metav1.OwnerReference{{Kind: "StatefulSet", Name: "db"}}
			},
			want: func(c *election.Candidate) { c.Name = "db-7" },
		},
		"a pod with a label that is no index": {
			pod: func(pod *corev1.Pod) { pod.Labels["apps.kubernetes.io/pod-index"] = "-1" },
		},
		"a pod without addresses": {
			pod:  func(pod *corev1.Pod) { pod.Status.PodIPs = nil },
			want: func(c *election.Candidate) { c.Problem = "it has no IPv4 or IPv6 address" },
		},
		"a pod with an address of the first family only": {
			pod:  func(pod *corev1.Pod) { pod.Status.PodIPs = pod.Status.PodIPs[:1] },
			want: func(c *election.Candidate) { c.Missing = 1 },
		},
		"a pod with an address of the second family only": {
			pod:  func(pod *corev1.Pod) { pod.Status.PodIPs = pod.Status.PodIPs[1:] },
			want: func(c *election.Candidate) { c.Missing = 1 },
		},
		"a pod that is not to lead": {
			pod:  func(pod *corev1.Pod) { pod.Annotations = map[string]string{config.CandidateKey: "false"} },
			want: func(c *election.Candidate) { c.Excluded = "its annotation tanist.dev/candidate is false" },
		},
		"a pod whose annotation cannot be read": {
			pod: func(pod *corev1.Pod) { pod.Annotations = map[string]string{config.CandidateKey: "no"} },
		},
		"a pod without the condition that the Service asks for": {
			options: config.Options{CandidateCondition: "example.com/CaughtUp"},
			pod: func(pod *corev1.Pod) {
				pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: "example.com/CaughtUp", Status: corev1.ConditionFalse})
			},
			want: func(c *election.Candidate) {
				c.Excluded = "its condition example.com/CaughtUp is not True, as tanist.dev/candidate-condition on the Service asks for"
			},
		},
		"a pod with the condition that the Service asks for": {
			options: config.Options{CandidateCondition: "example.com/CaughtUp"},
			pod: func(pod *corev1.Pod) {
				pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: "example.com/CaughtUp", Status: corev1.ConditionTrue})
			},
		},
		"a pod that will be evicted, on which the Service does not hand over": {
			options: config.Options{HandoverOn: []string{"cordon"}}, pod: gen.DisruptionTarget,
		},
		"a pod that will be evicted, on which the Service hands over although the tuning does not": {
			options: config.Options{HandoverOn: []string{"disruption-target"}}, pod: gen.DisruptionTarget,
			tuning: func(t *config.ElectionTuning) { t.HandoverOnDisruptionTarget = false },
			want:   func(c *election.Candidate) { c.Announced = election.AnnouncedDisruption },
		},
		"a pod without the port": {
			pod:  func(pod *corev1.Pod) { pod.Spec.Containers[0].Ports[0].Name = "metrics" },
			want: func(c *election.Candidate) { c.Problem = `no container has a port named "web" with protocol TCP` },
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			tuning := config.DefaultTuning()
			if test.tuning != nil {
				test.tuning(&tuning.Election)
			}
			pod := gen.ReadyPod("a1")
			if test.pod != nil {
				test.pod(pod)
			}
			want := election.Candidate{
				UID: "a1-uid", Name: "a1", Node: "node-of-a1", Created: gen.T0.Add(-time.Hour),
				Ready: true, ReadySince: gen.T0.Add(-time.Minute), Ordinal: -1,
			}
			if test.want != nil {
				test.want(&want)
			}
			// The pod is trimmed as in the informer, so that the test fails if a candidate depends on a field that is not kept.
			got := Candidates([]*corev1.Pod{trim.Pod(pod)}, Disruptions{pod.UID: test.announced}, gen.WebService().Spec.Ports, both, test.options, tuning)
			if diff := cmp.Diff([]election.Candidate{want}, got); diff != "" {
				t.Errorf("unexpected candidate (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAddress(t *testing.T) {
	pod := &corev1.Pod{Status: corev1.PodStatus{PodIPs: []corev1.PodIP{{IP: "not an address"}, {IP: "fd00::1"}, {IP: "10.0.0.1"}, {IP: "10.0.0.2"}}}}
	if got := leaderslice.Address(pod, discoveryv1.AddressTypeIPv4); got != "10.0.0.1" {
		t.Errorf("got IPv4 address %q", got)
	}
	if got := leaderslice.Address(pod, discoveryv1.AddressTypeIPv6); got != "fd00::1" {
		t.Errorf("got IPv6 address %q", got)
	}
}
