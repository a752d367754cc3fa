package store

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestAWrongAnnotationKeepsItsLastGoodValue(t *testing.T) {
	good := gen.Annotated(
		config.LeaderServiceKey, "boss", config.StrategyKey, "newest", config.StickyKey, "false", config.MinReadyKey, "5s",
		config.NotReadyGraceKey, "6s", config.DrainWindowKey, "7s", config.PreferredLeaderKey, "web-0",
		config.ProbeKey, "off", config.LossAfterKey, "8s", config.FreezeAfterKey, "9s",
		config.PausedKey, "true", config.HandoverOnKey, "cordon", config.CandidateConditionKey, "example.com/CaughtUp",
		config.PreferredNodesKey, "zone=a")
	window, lossAfter, freezeAfter := 7*time.Second, 8*time.Second, 9*time.Second
	goodOptions := config.Options{
		LeaderService: "boss", Strategy: config.StrategyNewest, MinReady: 5 * time.Second, MinReadyUnprobed: 5 * time.Second, NotReadyGrace: 6 * time.Second,
		DrainWindow: &window, PreferredLeader: "web-0", LossAfter: &lossAfter, FreezeAfter: &freezeAfter,
		Paused: true, HandoverOn: []string{"cordon"}, CandidateCondition: "example.com/CaughtUp", PreferredNodes: "zone=a",
		LeaderServiceType: config.TypeClusterIP,
	}
	for _, key := range []string{
		config.LeaderServiceKey, config.StrategyKey, config.StickyKey, config.MinReadyKey, config.NotReadyGraceKey,
		config.DrainWindowKey, config.PreferredLeaderKey, config.ProbeKey, config.LossAfterKey, config.FreezeAfterKey,
		config.PausedKey, config.HandoverOnKey, config.CandidateConditionKey, config.PreferredNodesKey,
	} {
		t.Run(key, func(t *testing.T) {
			boss := gen.Remembering(good, func(s *corev1.Service) { s.Name = "boss" })
			wrong := good.DeepCopy()
			wrong.Annotations[key] = "!"
			got, errs := ResolveOptions(wrong, boss)
			if len(errs) != 1 {
				t.Errorf("got errors %v, want one", errs)
			}
			if diff := cmp.Diff(goodOptions, got); diff != "" {
				t.Errorf("unexpected options (-want +got):\n%s", diff)
			}
			if before, after := boss.Annotations[config.LastGoodKey], LastGood(wrong, boss); before != after {
				t.Errorf("the wrong value changed the last good values from %s to %s", before, after)
			}
		})
	}
}

func TestResolveOptions(t *testing.T) {
	newest := gen.Remembering(gen.Annotated(config.StrategyKey, "newest"))
	cases := map[string]struct {
		source, leaderService *corev1.Service
		want                  func(*config.Options)
		wrong                 int
	}{
		"a right annotation takes effect beside a wrong one": {
			source: gen.Annotated(config.StrategyKey, "newst", config.MinReadyKey, "5s"), leaderService: newest, wrong: 1,
			want: func(o *config.Options) { o.Strategy, o.MinReady = config.StrategyNewest, 5*time.Second },
		},
		"a removed annotation has its default": {
			source: gen.WebService(), leaderService: newest,
		},
		"a wrong annotation that was never right has its default": {
			source: gen.Annotated(config.StickyKey, "perhaps"), leaderService: newest, wrong: 1,
		},
		"last good values that cannot be parsed are ignored": {
			source: gen.Annotated(config.StrategyKey, "newst"), wrong: 1,
			leaderService: gen.LeaderOf(gen.WebService(), func(s *corev1.Service) { s.Annotations = map[string]string{config.LastGoodKey: "{"} }),
		},
		"a last good value that is wrong is ignored": {
			source: gen.Annotated(config.StrategyKey, "newst"), wrong: 1,
			leaderService: gen.LeaderOf(gen.WebService(), func(s *corev1.Service) {
				s.Annotations = map[string]string{config.LastGoodKey: `{"tanist.dev/strategy":"newst"}`}
			}),
		},
		"without a leader Service there are no last good values": {
			source: gen.Annotated(config.StrategyKey, "newst"), wrong: 1,
		},
		"a wrong name does not rename the leader Service": {
			source: gen.Annotated(config.LeaderServiceKey, "Not a name"), wrong: 1,
			leaderService: gen.LeaderOf(gen.WebService(), func(s *corev1.Service) { s.Name = "boss" }),
			want:          func(o *config.Options) { o.LeaderService = "boss" },
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			want := config.DefaultOptions("web")
			if test.want != nil {
				test.want(&want)
			}
			got, errs := ResolveOptions(test.source, test.leaderService)
			if len(errs) != test.wrong {
				t.Errorf("got errors %v, want %d", errs, test.wrong)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("unexpected options (-want +got):\n%s", diff)
			}
		})
	}
}
