package reconciler

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
)

func TestCandidate(t *testing.T) {
	both := []discoveryv1.AddressType{discoveryv1.AddressTypeIPv4, discoveryv1.AddressTypeIPv6}
	cases := map[string]struct {
		pod    func(*corev1.Pod)
		tuning func(*config.ElectionTuning)
		want   func(*election.Candidate)
	}{
		"a ready pod": {},
		"a pod that lost its readiness": {
			pod:  notReady,
			want: func(c *election.Candidate) { c.Ready, c.Serving = false, false },
		},
		"a pod without conditions": {
			pod:  func(pod *corev1.Pod) { pod.Status.Conditions = nil },
			want: func(c *election.Candidate) { c.Ready, c.Serving, c.ReadySince = false, false, time.Time{} },
		},
		"a pod whose deletion has begun": {
			pod:  terminating,
			want: func(c *election.Candidate) { c.Terminating = true },
		},
		"a pod that stopped answering after its deletion began": {
			pod:  func(pod *corev1.Pod) { terminating(pod); notReady(pod) },
			want: func(c *election.Candidate) { c.Terminating, c.Ready, c.Serving = true, false, false },
		},
		"a pod that will be evicted": {
			pod:  disruptionTarget,
			want: func(c *election.Candidate) { c.Announced = election.AnnouncedDisruption },
		},
		"a pod that would have been evicted": {
			pod: func(pod *corev1.Pod) {
				disruptionTarget(pod)
				pod.Status.Conditions[1].Status = corev1.ConditionFalse
			},
		},
		"a pod that will be evicted, which the tuning ignores": {
			pod:    disruptionTarget,
			tuning: func(t *config.ElectionTuning) { t.HandoverOnDisruptionTarget = false },
		},
		"a priority": {
			pod:  func(pod *corev1.Pod) { pod.Annotations = map[string]string{config.PriorityKey: "-3"} },
			want: func(c *election.Candidate) { c.Priority = -3 },
		},
		"a priority that is no number": {
			pod: func(pod *corev1.Pod) { pod.Annotations = map[string]string{config.PriorityKey: "high"} },
		},
		"a StatefulSet's pod": {
			pod:  func(pod *corev1.Pod) { pod.Labels["apps.kubernetes.io/pod-index"] = "12" },
			want: func(c *election.Candidate) { c.Ordinal = 12 },
		},
		"a StatefulSet's pod without the label": {
			pod: func(pod *corev1.Pod) {
				pod.Name = "db-7"
				pod.OwnerReferences = []metav1.OwnerReference{{Kind: "StatefulSet", Name: "db"}}
			},
			want: func(c *election.Candidate) { c.Name, c.Ordinal = "db-7", 7 },
		},
		"a pod whose name only looks like a StatefulSet's": {
			pod: func(pod *corev1.Pod) {
				pod.Name = "db-7"
				pod.OwnerReferences = []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "db"}}
			},
			want: func(c *election.Candidate) { c.Name = "db-7" },
		},
		"a pod without addresses": {
			pod:  func(pod *corev1.Pod) { pod.Status.PodIPs = nil },
			want: func(c *election.Candidate) { c.Problem = "it has no IPv4 address" },
		},
		"a pod with an address of one family only": {
			pod:  func(pod *corev1.Pod) { pod.Status.PodIPs = pod.Status.PodIPs[:1] },
			want: func(c *election.Candidate) { c.Problem = "it has no IPv6 address" },
		},
		"a pod without the port": {
			pod:  func(pod *corev1.Pod) { pod.Spec.Containers[0].Ports[0].Name = "metrics" },
			want: func(c *election.Candidate) { c.Problem = `no container has a port named "web" with protocol TCP` },
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			tuning := config.DefaultTuning().Election
			if test.tuning != nil {
				test.tuning(&tuning)
			}
			pod := readyPod("a1")
			if test.pod != nil {
				test.pod(pod)
			}
			want := election.Candidate{
				UID: "a1-uid", Name: "a1", Node: "node-of-a1", Created: t0.Add(-time.Hour),
				Ready: true, Serving: true, ReadySince: t0.Add(-time.Minute), Ordinal: -1,
			}
			if test.want != nil {
				test.want(&want)
			}
			// Trimmed as the informer does, so that nothing is looked at which is not kept.
			got := candidates([]*corev1.Pod{trimPod(pod)}, webService().Spec.Ports, both, tuning)
			if diff := cmp.Diff([]election.Candidate{want}, got); diff != "" {
				t.Errorf("unexpected candidate (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNeededFamilies(t *testing.T) {
	cases := map[string]struct {
		service func(*corev1.Service)
		want    []discoveryv1.AddressType
	}{
		"one family is needed": {service: func(*corev1.Service) {}, want: []discoveryv1.AddressType{"IPv4"}},
		"required families are all needed": {
			service: dualStack(corev1.IPFamilyPolicyRequireDualStack), want: []discoveryv1.AddressType{"IPv4", "IPv6"},
		},
		"of preferred families only the first is needed": {
			service: dualStack(corev1.IPFamilyPolicyPreferDualStack), want: []discoveryv1.AddressType{"IPv4"},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, neededFamilies(leaderOf(webService(test.service)))); diff != "" {
				t.Errorf("unexpected families (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAddress(t *testing.T) {
	pod := &corev1.Pod{Status: corev1.PodStatus{PodIPs: []corev1.PodIP{{IP: "not an address"}, {IP: "fd00::1"}, {IP: "10.0.0.1"}, {IP: "10.0.0.2"}}}}
	if got := address(pod, discoveryv1.AddressTypeIPv4); got != "10.0.0.1" {
		t.Errorf("got IPv4 address %q", got)
	}
	if got := address(pod, discoveryv1.AddressTypeIPv6); got != "fd00::1" {
		t.Errorf("got IPv6 address %q", got)
	}
}
