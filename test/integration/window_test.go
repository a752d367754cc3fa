//go:build integration

package integration_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/tanist-dev/tanist/config"
)

// window is a pod's drain window.
type window struct {
	Sleep, Grace int64
	Noted        string
}

func windowOf(pod *corev1.Pod) window {
	w := window{Grace: *pod.Spec.TerminationGracePeriodSeconds, Noted: pod.Annotations[config.DrainWindowAppliedKey]}
	if lifecycle := pod.Spec.Containers[0].Lifecycle; lifecycle != nil && lifecycle.PreStop != nil && lifecycle.PreStop.Sleep != nil {
		w.Sleep = lifecycle.PreStop.Sleep.Seconds
	}
	return w
}

func TestNewPodsGetTheirDrainWindow(t *testing.T) {
	i, r := admitting(t)
	s := newNamespace(t)
	s.withService("web")
	s.withService("slow", annotation(config.DrainWindowKey, "20s"))
	s.withService("long", annotation(config.DrainWindowKey, "1m"))
	s.withService("none", annotation(config.DrainWindowKey, "0s"))
	for _, service := range []string{"web", "slow", "long", "none"} {
		s.nobodyLeads(service) // Tanist knows the Service
	}
	untouched := window{Grace: 30}
	own := func(pod *corev1.Pod) { pod.Annotations = map[string]string{config.DrainWindowKey: "9s"} }
	generated := func(pod *corev1.Pod) { pod.GenerateName, pod.Name = "generated-", "" }
	cases := map[string]struct {
		app    string
		change []func(*corev1.Pod)
		want   window
	}{
		"a pod":                         {app: "web", want: window{Sleep: 3, Grace: 33, Noted: "3s"}},
		"a pod whose name is generated": {app: "web", change: []func(*corev1.Pod){generated}, want: window{Sleep: 3, Grace: 33, Noted: "3s"}},
		"a pod of a Service with its own drain window":             {app: "slow", want: window{Sleep: 20, Grace: 50, Noted: "20s"}},
		"a pod of a Service that asks for too long a drain window": {app: "long", want: window{Sleep: 30, Grace: 60, Noted: "30s"}},
		"a pod of a Service without a drain window":                {app: "none", want: untouched},
		"a pod that no Service selects":                            {app: "other", want: untouched},
		"a pod that asks itself, before its Service exists": {
			app: "later", change: []func(*corev1.Pod){own}, want: window{Sleep: 9, Grace: 39, Noted: "9s"},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			pod, err := clientset.CoreV1().Pods(s.namespace).Create(t.Context(), s.podOf(test.app, "pod-"+test.app, test.change...),
				metav1.CreateOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, windowOf(pod)); diff != "" {
				t.Errorf("unexpected window (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("the tuning's, as it is now", func(t *testing.T) {
		i.put("election: {drainWindow: 7s}", r)
		if diff := cmp.Diff(window{Sleep: 7, Grace: 37, Noted: "7s"}, windowOf(s.tryCreate("web"))); diff != "" {
			t.Errorf("unexpected window (-want +got):\n%s", diff)
		}
		i.put("election: {drainWindow: 0s}", r)
		if diff := cmp.Diff(untouched, windowOf(s.tryCreate("web"))); diff != "" {
			t.Errorf("unexpected window (-want +got):\n%s", diff)
		}
	})
	t.Run("probes with a grace period of their own", func(t *testing.T) {
		probe := func(grace int64) *corev1.Probe {
			return &corev1.Probe{
				ProbeHandler:                  corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt32(80)}},
				TerminationGracePeriodSeconds: &grace,
			}
		}
		pod := s.tryCreate("slow", func(pod *corev1.Pod) {
			main := &pod.Spec.Containers[0]
			main.LivenessProbe, main.StartupProbe, main.ReadinessProbe = probe(2), probe(60), probe(1)
			main.ReadinessProbe.TerminationGracePeriodSeconds = nil
		})
		main := pod.Spec.Containers[0]
		got := []int64{*main.LivenessProbe.TerminationGracePeriodSeconds, *main.StartupProbe.TerminationGracePeriodSeconds}
		if diff := cmp.Diff([]int64{22, 80}, got); diff != "" {
			t.Errorf("unexpected grace periods (-want +got):\n%s", diff)
		}
	})
	t.Run("no pod that exists is changed", func(t *testing.T) {
		pod, err := clientset.CoreV1().Pods(s.namespace).Patch(t.Context(), "pod-none", "application/merge-patch+json",
			[]byte(`{"metadata":{"labels":{"app":"slow"}}}`), metav1.PatchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(untouched, windowOf(pod)); diff != "" {
			t.Errorf("unexpected window (-want +got):\n%s", diff)
		}
	})
}

// TestAPodIsCreatedWhileItsNamespaceOptsIn checks that the replica does not answer before it knows the namespace's Services. The API server may
// call it before it has even heard of the label.
func TestAPodIsCreatedWhileItsNamespaceOptsIn(t *testing.T) {
	admitting(t)
	calls := func() float64 {
		return apiServerCounts(t, "apiserver_admission_webhook_request_total", "name", mutatingWebhooks[0])
	}
	before := calls()
	const namespaces = 10
	for range namespaces {
		s := newNamespace(t, config.EnabledKey+"=false")
		s.withService("web")
		s.label(`"true"`)
		history.eventually(t, func() string {
			if pod := s.tryCreate("web"); pod.Annotations[config.DrainWindowAppliedKey] == "" {
				return "that the API server calls the webhook of new pods"
			}
			return ""
		})
	}
	if got := calls() - before - namespaces; got != 0 {
		t.Errorf("%v pods got no drain window", got)
	}
}
