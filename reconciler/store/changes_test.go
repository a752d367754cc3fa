package store

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestPodChanged(t *testing.T) {
	cases := map[string]struct {
		change func(*corev1.Pod)
		want   bool
	}{
		"no change": {change: func(pod *corev1.Pod) { pod.ResourceVersion = "31" }},
		"the time of the Ready condition": {change: func(pod *corev1.Pod) {
			pod.Status.Conditions[0].LastTransitionTime = metav1.NewTime(gen.T0)
		}},
		"a condition that is not used": {change: func(pod *corev1.Pod) {
			pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: corev1.ContainersReady})
		}},
		"an annotation that is not ours":              {change: func(pod *corev1.Pod) { pod.Annotations = map[string]string{"a": "b"} }},
		"it is not ready":                             {change: gen.NotReady, want: true},
		"the node controller has marked it not ready": {change: gen.MarkedNotReady, want: true},
		"its readiness is unknown": {change: func(pod *corev1.Pod) {
			pod.Status.Conditions[0].Status = corev1.ConditionUnknown
		}, want: true},
		"its deletion begins": {change: gen.Terminating, want: true},
		"it fails":            {change: func(pod *corev1.Pod) { pod.Status.Phase = corev1.PodFailed }, want: true},
		"its address":         {change: func(pod *corev1.Pod) { pod.Status.PodIPs = []corev1.PodIP{{IP: "10.9.9.9"}} }, want: true},
		"its labels":          {change: func(pod *corev1.Pod) { pod.Labels = nil }, want: true},
		"whether it may lead": {change: func(pod *corev1.Pod) { pod.Annotations = map[string]string{config.CandidateKey: "false"} }, want: true},
		"its priority":        {change: func(pod *corev1.Pod) { pod.Annotations = map[string]string{config.PriorityKey: "1"} }, want: true},
		"its restarts": {change: func(pod *corev1.Pod) {
			pod.Status.ContainerStatuses = []corev1.ContainerStatus{{RestartCount: 1}}
		}},
		"its deletion cost":            {change: func(pod *corev1.Pod) { pod.Annotations = map[string]string{corev1.PodDeletionCost: "1"} }, want: true},
		"its owner":                    {change: gen.OwnedByReplicaSet("r1"), want: true},
		"it will be evicted":           {change: gen.DisruptionTarget, want: true},
		"its node":                     {change: func(pod *corev1.Pod) { pod.Spec.NodeName = "other" }, want: true},
		"another pod of the same name": {change: func(pod *corev1.Pod) { pod.UID = "second" }, want: true},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if got := PodChanged(gen.ReadyPod("a1"), gen.ReadyPod("a1", test.change)); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}

func TestServiceChanged(t *testing.T) {
	cases := map[string]struct {
		change func(*corev1.Service)
		want   bool
	}{
		"no change":                      {change: func(s *corev1.Service) { s.ResourceVersion = "11" }},
		"an annotation that is not ours": {change: func(s *corev1.Service) { s.Annotations["a"] = "b" }},
		"the report":                     {change: func(s *corev1.Service) { s.Annotations[config.TermKey] = "5" }},
		"an annotation that is ours":     {change: func(s *corev1.Service) { s.Annotations[config.StickyKey] = "false" }, want: true},
		"no annotations any more":        {change: func(s *corev1.Service) { s.Annotations = nil }, want: true},
		"the selector":                   {change: func(s *corev1.Service) { s.Spec.Selector["tier"] = "front" }, want: true},
		"the ports":                      {change: func(s *corev1.Service) { s.Spec.Ports[0].Port = 81 }, want: true},
		"the labels":                     {change: func(s *corev1.Service) { s.Labels = map[string]string{config.ManagedByKey: "x"} }, want: true},
		"the owner": {change: func(s *corev1.Service) {
			s.OwnerReferences = []metav1.OwnerReference{{Kind: "Service", Name: "x"}}
		}, want: true},
		"its deletion begins":              {change: func(s *corev1.Service) { now := metav1.NewTime(gen.T0); s.DeletionTimestamp = &now }, want: true},
		"another Service of the same name": {change: func(s *corev1.Service) { s.UID = "second" }, want: true},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if got := ServiceChanged(gen.WebService(), gen.WebService(test.change)); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}

// TestTheKubeletReportsAMarkedPod: the pod stays not ready, and now somebody knows it.
func TestTheKubeletReportsAMarkedPod(t *testing.T) {
	marked := gen.ReadyPod("a1", gen.MarkedNotReady)
	reported := marked.DeepCopy()
	for i := range reported.Status.Conditions {
		reported.Status.Conditions[i].Status, reported.Status.Conditions[i].Reason = corev1.ConditionFalse, "ContainersNotReady"
	}
	if PodChanged(marked, marked.DeepCopy()) || !PodChanged(marked, reported) {
		t.Error("want a change when the kubelet says that the pod is not ready, and none before")
	}
}
