package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

func TestTheStoreKeepsTheLastGoodTuning(t *testing.T) {
	content := func(text string) *corev1.ConfigMap {
		return &corev1.ConfigMap{Data: map[string]string{TuningKey: text}}
	}
	type state struct {
		Concurrency int
		Changed     bool
		Stale       bool
		Errors      []string
	}
	steps := []struct {
		what      string
		configMap *corev1.ConfigMap
		want      state
	}{
		{what: "there is no ConfigMap", want: state{Concurrency: 16}},
		{what: "one is created", configMap: content("commit: {concurrency: 3}"), want: state{Concurrency: 3, Changed: true}},
		{what: "its text changes but not its meaning", configMap: content("commit: {concurrency: 3} # three"), want: state{Concurrency: 3}},
		{
			what: "it goes wrong", configMap: content("commit: {concurrency: 0}"),
			want: state{Concurrency: 3, Stale: true, Errors: []string{
				`data[tuning.yaml].commit.concurrency: Invalid value: 0: must be from 1 to 256`,
			}},
		},
		{what: "it is mended as it was", configMap: content("commit: {concurrency: 3}"), want: state{Concurrency: 3}},
		{what: "it is deleted", want: state{Concurrency: 16, Changed: true}},
	}
	store := NewStore()
	if diff := cmp.Diff(DefaultTuning(), store.Load()); diff != "" {
		t.Errorf("a new store holds (-want +got):\n%s", diff)
	}
	for _, step := range steps {
		changed, errs := store.Apply(step.configMap)
		got := state{Concurrency: store.Load().Commit.Concurrency, Changed: changed, Stale: store.Stale(), Errors: messages(errs)}
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("after %q (-want +got):\n%s", step.what, diff)
		}
	}
}
