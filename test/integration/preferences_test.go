//go:build integration

package integration_test

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
)

func TestALeaderIsPreferred(t *testing.T) {
	newTanist(t).startElected()
	cases := map[string]struct {
		annotations []func(*corev1.Service)
		act         func(*testNamespace)
		want        string
		reason      string
	}{
		"a preferred leader takes over": {
			act: func(s *testNamespace) { s.annotate("web", config.PreferredLeaderKey, "b") }, want: "b", reason: "Preferred",
		},
		"a Service that is not sticky follows the strategy": {
			act: func(s *testNamespace) {
				s.patchService("web", fmt.Sprintf(`{"metadata":{"annotations":{%q:"ordinal",%q:"false"}}}`, config.StrategyKey, config.StickyKey))
				s.withReadyPod("web", "web-0", func(pod *corev1.Pod) { pod.Labels["apps.kubernetes.io/pod-index"] = "0" })
			},
			want: "web-0", reason: "BetterCandidate",
		},
		"a higher priority follows first": {
			act: func(s *testNamespace) {
				s.withReadyPod("web", "c", func(pod *corev1.Pod) { pod.Annotations = map[string]string{config.PriorityKey: "5"} })
				s.terminate("a")
			},
			want: "c", reason: "LeaderDeleted",
		},
		"a lost readiness is tolerated for the grace": {
			annotations: []func(*corev1.Service){annotation(config.NotReadyGraceKey, "2s")},
			act:         func(s *testNamespace) { s.notReady("a") },
			want:        "b", reason: "LeaderNotReady",
		},
		"a leader that will go waits for a successor who is ready for long enough": {
			annotations: []func(*corev1.Service){annotation(config.MinReadyKey, "3s")},
			act:         func(s *testNamespace) { s.condition("a", "DisruptionTarget", "True") },
			want:        "b", reason: "LeaderDisrupted",
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			s, first := pair(t, test.annotations...)
			test.act(s)
			if l := s.leads("web", test.want); !s.next("web", first, l) || l.Reason != test.reason {
				t.Errorf("got %+v, want reason %s", l, test.reason)
			}
		})
	}
}

func TestAWrongPriorityIsReportedOnThePod(t *testing.T) {
	newTanist(t).startElected()
	s := newNamespace(t)
	s.withService("web")
	s.withReadyPod("web", "a", func(pod *corev1.Pod) { pod.Annotations = map[string]string{config.PriorityKey: "high"} })
	s.leads("web", "a")
	s.warned("a", "InvalidAnnotation", `"high"`)
}
