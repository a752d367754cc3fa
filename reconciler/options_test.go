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

// remembering is a leader Service that remembers the annotations of a source.
func remembering(source *corev1.Service, changes ...func(*corev1.Service)) *corev1.Service {
	return leaderOf(webService(), append([]func(*corev1.Service){func(s *corev1.Service) {
		s.Annotations = map[string]string{config.LastGoodKey: lastGood(source, nil)}
	}}, changes...)...)
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
			boss := remembering(good, func(s *corev1.Service) { s.Name = "boss" })
			wrong := good.DeepCopy()
			wrong.Annotations[key] = "!"
			got, errs := resolveOptions(wrong, boss)
			if len(errs) != 1 {
				t.Errorf("got errors %v, want one", errs)
			}
			if diff := cmp.Diff(goodOptions, got); diff != "" {
				t.Errorf("unexpected options (-want +got):\n%s", diff)
			}
			if before, after := boss.Annotations[config.LastGoodKey], lastGood(wrong, boss); before != after {
				t.Errorf("the wrong value changed what is remembered from %s to %s", before, after)
			}
		})
	}
}

func TestResolveOptions(t *testing.T) {
	newest := remembering(annotated(config.StrategyKey, "newest"))
	cases := map[string]struct {
		source, leaderService *corev1.Service
		want                  func(*config.Options)
		wrong                 int
	}{
		"a right annotation takes effect beside a wrong one": {
			source: annotated(config.StrategyKey, "newst", config.MinReadyKey, "5s"), leaderService: newest, wrong: 1,
			want: func(o *config.Options) { o.Strategy, o.MinReady = config.StrategyNewest, 5*time.Second },
		},
		"an annotation that is taken away has its default": {
			source: webService(), leaderService: newest,
		},
		"a wrong annotation that was never right has its default": {
			source: annotated(config.StickyKey, "perhaps"), leaderService: newest, wrong: 1,
		},
		"a memory that someone damaged is none": {
			source: annotated(config.StrategyKey, "newst"), wrong: 1,
			leaderService: leaderOf(webService(), func(s *corev1.Service) { s.Annotations = map[string]string{config.LastGoodKey: "{"} }),
		},
		"a memory that is wrong itself is none": {
			source: annotated(config.StrategyKey, "newst"), wrong: 1,
			leaderService: leaderOf(webService(), func(s *corev1.Service) {
				s.Annotations = map[string]string{config.LastGoodKey: `{"tanist.dev/strategy":"newst"}`}
			}),
		},
		"without a leader Service there is no memory": {
			source: annotated(config.StrategyKey, "newst"), wrong: 1,
		},
		"a wrong name does not rename the leader Service": {
			source: annotated(config.LeaderServiceKey, "Not a name"), wrong: 1,
			leaderService: leaderOf(webService(), func(s *corev1.Service) { s.Name = "boss" }),
			want:          func(o *config.Options) { o.LeaderService = "boss" },
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			want := config.DefaultOptions("web")
			if test.want != nil {
				test.want(&want)
			}
			got, errs := resolveOptions(test.source, test.leaderService)
			if len(errs) != test.wrong {
				t.Errorf("got errors %v, want %d", errs, test.wrong)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("unexpected options (-want +got):\n%s", diff)
			}
		})
	}
}
