package leaderservice

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestDesiredCopiesLabelsAndAnnotations(t *testing.T) {
	labelled := func(labels map[string]string, keysAndValues ...string) *corev1.Service {
		source := gen.Annotated(keysAndValues...)
		source.Labels = labels
		return source
	}
	ours := map[string]string{config.ManagedByKey: config.ManagedBy, config.SourceServiceKey: "web"}
	cases := map[string]struct {
		source                      *corev1.Service
		labels, annotations         map[string]string
		wantLabels, wantAnnotations map[string]string
	}{
		"the keys that the source asks for are copied, and no others": {
			source:     labelled(map[string]string{"team": "shop", "tier": "1"}, config.CopyLabelsKey, "team", config.CopyAnnotationsKey, "owner", "owner", "ann", "x", "y"),
			wantLabels: map[string]string{"team": "shop"},
			wantAnnotations: map[string]string{
				"owner": "ann", config.CopyLabelsKey: "team", config.CopyAnnotationsKey: "owner",
				config.LastGoodKey: `{"tanist.dev/copy-annotations":"owner","tanist.dev/copy-labels":"team"}`,
			},
		},
		"keys that are no longer asked for are removed, and those that someone else has set stay": {
			source: labelled(map[string]string{"team": "shop", "tier": "1"}),
			labels: map[string]string{"team": "shop", "mine": "x"}, annotations: map[string]string{config.CopyLabelsKey: "team", "note": "x"},
			wantLabels: map[string]string{"mine": "x"}, wantAnnotations: map[string]string{"note": "x"},
		},
		"a key that the source no longer has is removed": {
			source: labelled(nil, config.CopyLabelsKey, "team"),
			labels: map[string]string{"team": "shop"}, annotations: map[string]string{config.CopyLabelsKey: "team"},
			wantAnnotations: map[string]string{config.CopyLabelsKey: "team", config.LastGoodKey: `{"tanist.dev/copy-labels":"team"}`},
		},
		"a changed value is copied": {
			source: labelled(map[string]string{"team": "ops"}, config.CopyLabelsKey, "team"),
			labels: map[string]string{"team": "shop"}, annotations: map[string]string{config.CopyLabelsKey: "team"},
			wantLabels:      map[string]string{"team": "ops"},
			wantAnnotations: map[string]string{config.CopyLabelsKey: "team", config.LastGoodKey: `{"tanist.dev/copy-labels":"team"}`},
		},
		"an edited list of copied keys does not remove our labels": {
			source:      labelled(nil),
			annotations: map[string]string{config.CopyLabelsKey: config.SourceServiceKey + "," + config.ManagedByKey},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			leader := gen.LeaderOf(gen.WebService(), func(s *corev1.Service) {
				s.Labels, s.Annotations = labels.Merge(s.Labels, test.labels), labels.Merge(nil, test.annotations)
			})
			got := inputOf(test.source, withLeader(leader)).desired(leader, "")
			if diff := cmp.Diff(labels.Merge(ours, test.wantLabels), labels.Set(got.Labels)); diff != "" {
				t.Errorf("unexpected labels (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(labels.Merge(nil, test.wantAnnotations), labels.Merge(nil, got.Annotations)); diff != "" {
				t.Errorf("unexpected annotations (-want +got):\n%s", diff)
			}
		})
	}
}

func TestARenamedLeaderServiceKeepsTheLastGoodValues(t *testing.T) {
	old := gen.Remembering(gen.Annotated(config.StrategyKey, "newest"))
	in := inputOf(gen.Annotated(config.LeaderServiceKey, "boss", config.StrategyKey, "newst"), withLeader(old))
	plan := decide(in, gen.T0)
	if plan.create == nil {
		t.Fatal("the one with the new name is not created")
	}
	want := `{"tanist.dev/leader-service":"boss","tanist.dev/strategy":"newest"}`
	if got := plan.create.Annotations[config.LastGoodKey]; got != want {
		t.Errorf("got last good values %s, want %s", got, want)
	}
}
