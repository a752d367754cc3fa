package reconciler

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
)

func annotated(keysAndValues ...string) *corev1.Service {
	return webService(func(s *corev1.Service) {
		for i := 0; i < len(keysAndValues); i += 2 {
			s.Annotations[keysAndValues[i]] = keysAndValues[i+1]
		}
	})
}

func TestAWrongAnnotationKeepsItsLastGoodValue(t *testing.T) {
	good := annotated(
		config.LeaderServiceKey, "boss", config.StrategyKey, "newest", config.StickyKey, "false", config.MinReadyKey, "5s",
		config.NotReadyGraceKey, "6s", config.DrainWindowKey, "7s", config.PreferredLeaderKey, "web-0")
	window := 7 * time.Second
	goodOptions := config.Options{
		LeaderService: "boss", Strategy: config.StrategyNewest, MinReady: 5 * time.Second, MinReadyUnprobed: 5 * time.Second, NotReadyGrace: 6 * time.Second,
		DrainWindow: &window, PreferredLeader: "web-0",
	}
	for _, key := range []string{
		config.LeaderServiceKey, config.StrategyKey, config.StickyKey, config.MinReadyKey, config.NotReadyGraceKey,
		config.DrainWindowKey, config.PreferredLeaderKey,
	} {
		t.Run(key, func(t *testing.T) {
			o := newOptionsInForce()
			if _, errs := o.resolve(good, nil); len(errs) > 0 {
				t.Fatalf("unexpected errors: %v", errs)
			}
			wrongOne := good.DeepCopy()
			wrongOne.Annotations[key] = "!"
			got, errs := o.resolve(wrongOne, nil)
			if len(errs) != 1 {
				t.Errorf("got errors %v, want one", errs)
			}
			if diff := cmp.Diff(goodOptions, got); diff != "" {
				t.Errorf("unexpected options (-want +got):\n%s", diff)
			}
		})
	}
}

func TestARightAnnotationTakesEffectBesideAWrongOne(t *testing.T) {
	o := newOptionsInForce()
	o.resolve(annotated(config.StickyKey, "false"), nil)
	got, _ := o.resolve(annotated(config.StickyKey, "perhaps", config.MinReadyKey, "5s"), nil)
	want := config.Options{LeaderService: "web-leader", Strategy: config.StrategyOldest, MinReady: 5 * time.Second, MinReadyUnprobed: 5 * time.Second}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("unexpected options (-want +got):\n%s", diff)
	}
}

func TestAfterARestartAWrongAnnotationIsAMissingOne(t *testing.T) {
	got, _ := newOptionsInForce().resolve(annotated(config.StickyKey, "perhaps"), nil)
	if diff := cmp.Diff(config.DefaultOptions("web"), got); diff != "" {
		t.Errorf("unexpected options (-want +got):\n%s", diff)
	}
}

func TestAfterARestartAWrongNameDoesNotRenameTheLeaderService(t *testing.T) {
	boss := leaderOf(webService(), func(s *corev1.Service) { s.Name = "boss" })
	foreign := leaderOf(webService(), func(s *corev1.Service) { s.Name, s.OwnerReferences = "a", nil })
	got, _ := newOptionsInForce().resolve(annotated(config.LeaderServiceKey, "Not a name"), []*corev1.Service{foreign, boss})
	if got.LeaderService != "boss" {
		t.Errorf("got leader Service %q, want boss", got.LeaderService)
	}
}

func TestForgottenOptionsAreForgotten(t *testing.T) {
	o := newOptionsInForce()
	o.resolve(annotated(config.StickyKey, "false"), nil)
	o.forget(keyOf(webService()))
	if len(o.lastGood) != 0 {
		t.Errorf("%d are remembered", len(o.lastGood))
	}
}
