//go:build integration

package integration_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
)

func TestBadInputIsReported(t *testing.T) {
	newTanist(t).startElected()
	cases := map[string]struct {
		change   func(*corev1.Service)
		reason   string
		contains []string
	}{
		"a strategy that does not exist": {
			change: func(s *corev1.Service) { s.Annotations[config.StrategyKey] = "best" },
			reason: "InvalidAnnotation", contains: []string{config.StrategyKey, `"best"`, "oldest", "newest", "ordinal"},
		},
		"a sticky that is not true or false": {
			change: func(s *corev1.Service) { s.Annotations[config.StickyKey] = "yes" },
			reason: "InvalidAnnotation", contains: []string{config.StickyKey, `"yes"`, "true", "false"},
		},
		"a min-ready that is not a duration": {
			change: func(s *corev1.Service) { s.Annotations[config.MinReadyKey] = "5" },
			reason: "InvalidAnnotation", contains: []string{config.MinReadyKey, `"5"`, "10s"},
		},
		"a not-ready-grace that is too long": {
			change: func(s *corev1.Service) { s.Annotations[config.NotReadyGraceKey] = "1000h" },
			reason: "InvalidAnnotation", contains: []string{config.NotReadyGraceKey, `"1000h"`, "1h"},
		},
		"a drain-window that is not in seconds": {
			change: func(s *corev1.Service) { s.Annotations[config.DrainWindowKey] = "1500ms" },
			reason: "InvalidAnnotation", contains: []string{config.DrainWindowKey, `"1500ms"`, "whole seconds"},
		},
		"a preferred leader that cannot be a pod": {
			change: func(s *corev1.Service) { s.Annotations[config.PreferredLeaderKey] = "A!" },
			reason: "InvalidAnnotation", contains: []string{config.PreferredLeaderKey, `"A!"`},
		},
		"an invalid name of the leader Service": {
			change: func(s *corev1.Service) { s.Annotations[config.LeaderServiceKey] = "The Boss" },
			reason: "InvalidAnnotation", contains: []string{config.LeaderServiceKey, `"The Boss"`},
		},
		"a priority on the Service": {
			change: func(s *corev1.Service) { s.Annotations[config.PriorityKey] = "5" },
			reason: "InvalidAnnotation", contains: []string{config.PriorityKey, "pods"},
		},
		"a misspelt annotation": {
			change: func(s *corev1.Service) { s.Annotations["tanist.dev/stiky"] = "true" },
			reason: "InvalidAnnotation", contains: []string{"tanist.dev/stiky", config.StickyKey},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			s := newNamespace(t)
			s.withReadyPod("web", "a")
			s.withService("web", test.change)
			for _, part := range test.contains {
				s.warned("web", test.reason, part)
			}
			s.leads("web", "a") // everything else works
		})
	}
	for name, change := range map[string]func(*corev1.Service){
		"a Service without selector": func(s *corev1.Service) { s.Spec.Selector = nil },
		"a Service with an external name": func(s *corev1.Service) {
			s.Spec = corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "example.com"}
		},
		"a headless Service without ports": func(s *corev1.Service) { s.Spec.ClusterIP, s.Spec.Ports = corev1.ClusterIPNone, nil },
	} {
		t.Run(name, func(t *testing.T) {
			s := newNamespace(t)
			s.withService("web", change)
			s.warned("web", "InvalidService", config.EnabledKey)
		})
	}
}

func TestAWrongAnnotationKeepsTheLastGoodValue(t *testing.T) {
	newTanist(t).startElected()
	s := newNamespace(t)
	s.withReadyPod("web", "a")
	s.withService("web", func(service *corev1.Service) { service.Annotations[config.LeaderServiceKey] = "boss" })
	s.exists("boss")
	s.annotate("web", config.LeaderServiceKey, "The Boss")
	s.warned("web", "InvalidAnnotation", `"The Boss"`)
	if history.service(s.namespace, "web-leader") != nil || history.service(s.namespace, "boss") == nil {
		t.Error("the leader Service was renamed")
	}
}
