package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

func configMapOf(text string) *corev1.ConfigMap {
	return &corev1.ConfigMap{Data: map[string]string{TuningKey: text}}
}

func TestResolveTuning(t *testing.T) {
	const (
		wrong      = "commit: {concurrency: 0}"
		wrongError = `data[tuning.yaml].commit.concurrency: Invalid value: 0: must be from 1 to 256`
	)
	type resolved struct {
		Concurrency         int
		Source              TuningSource
		Errors, StateErrors []string
	}
	cases := map[string]struct {
		configMap, state *corev1.ConfigMap
		want             resolved
	}{
		"neither is there": {want: resolved{Concurrency: 16}},
		"no tuning is the defaults, whatever the last good one was": {
			state: configMapOf("commit: {concurrency: 4}"), want: resolved{Concurrency: 16},
		},
		"a tuning that is right is in force, whatever the last good one was": {
			configMap: configMapOf("commit: {concurrency: 3}"), state: configMapOf("commit: {concurrency: 4}"),
			want: resolved{Concurrency: 3},
		},
		"a wrong one leaves the last good one in force": {
			configMap: configMapOf(wrong), state: configMapOf("commit: {concurrency: 4}"),
			want: resolved{Concurrency: 4, Source: FromState, Errors: []string{wrongError}},
		},
		"a wrong key beside a right tuning, too": {
			configMap: &corev1.ConfigMap{Data: map[string]string{TuningKey: "", "tuning.yml": ""}}, state: configMapOf("commit: {concurrency: 4}"),
			want: resolved{Concurrency: 4, Source: FromState, Errors: []string{
				`data[tuning.yml]: Unsupported value: "tuning.yml": supported values: "tuning.yaml"`,
			}},
		},
		"the last good one was empty": {
			configMap: configMapOf(wrong), state: configMapOf(""),
			want: resolved{Concurrency: 16, Source: FromState, Errors: []string{wrongError}},
		},
		"there is no ConfigMap for a last good one": {
			configMap: configMapOf(wrong), want: resolved{Concurrency: 16, Source: FromDefaults, Errors: []string{wrongError}},
		},
		"there has been no good one yet": {
			configMap: configMapOf(wrong), state: &corev1.ConfigMap{},
			want: resolved{Concurrency: 16, Source: FromDefaults, Errors: []string{wrongError}},
		},
		"the last good one is of a version that this one cannot read": {
			configMap: configMapOf(wrong), state: configMapOf("succeed: {}"),
			want: resolved{Concurrency: 16, Source: FromDefaults, Errors: []string{wrongError}, StateErrors: []string{
				`data[tuning.yaml].succeed: Unsupported value: "succeed": supported values: "apiVersion", "cache", "commit", "election", "grant", "kind", "observe", "retry"`,
			}},
		},
		"other keys beside the last good one are another version's": {
			configMap: configMapOf(wrong), state: &corev1.ConfigMap{Data: map[string]string{TuningKey: "commit: {concurrency: 4}", "more": ""}},
			want: resolved{Concurrency: 4, Source: FromState, Errors: []string{wrongError}},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			got := ResolveTuning(test.configMap, test.state)
			if diff := cmp.Diff(test.want, resolved{
				got.Tuning.Commit.Concurrency, got.Source, messages(got.Errors), messages(got.StateErrors),
			}); diff != "" {
				t.Errorf("unexpected tuning (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTuningToSave(t *testing.T) {
	const tuning = "commit: {concurrency: 3} # three"
	cases := map[string]struct {
		configMap, state *corev1.ConfigMap
		want             string
		wantDiffers      bool
	}{
		"nothing":                              {},
		"a first tuning":                       {configMap: configMapOf(tuning), state: &corev1.ConfigMap{}, want: tuning, wantDiffers: true},
		"the tuning that is saved":             {configMap: configMapOf(tuning), state: configMapOf(tuning), want: tuning},
		"the same tuning, written differently": {configMap: configMapOf(tuning), state: configMapOf(tuning + "!"), want: tuning, wantDiffers: true},
		"a wrong tuning":                       {configMap: configMapOf("commit: 3"), state: configMapOf(tuning)},
		"no tuning any more":                   {state: configMapOf(tuning), wantDiffers: true},
		"an empty tuning and none":             {configMap: configMapOf(""), state: &corev1.ConfigMap{}},
		"there is no ConfigMap to save it in":  {configMap: configMapOf(tuning), want: tuning, wantDiffers: true},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			got, differs := TuningToSave(test.configMap, test.state)
			if got != test.want || differs != test.wantDiffers {
				t.Errorf("got %q and %t, want %q and %t", got, differs, test.want, test.wantDiffers)
			}
		})
	}
}

func TestTheStoreHoldsWhatIsApplied(t *testing.T) {
	type state struct {
		Concurrency    int
		Changed, Stale bool
	}
	wrong := configMapOf("commit: {concurrency: 0}")
	steps := []struct {
		what             string
		configMap, state *corev1.ConfigMap
		want             state
	}{
		{what: "there is no ConfigMap", want: state{Concurrency: 16}},
		{what: "one is created", configMap: configMapOf("commit: {concurrency: 3}"), want: state{Concurrency: 3, Changed: true}},
		{what: "its text changes but not its meaning", configMap: configMapOf("commit: {concurrency: 3} # three"), want: state{Concurrency: 3}},
		{
			what: "it goes wrong", configMap: wrong, state: configMapOf("commit: {concurrency: 3}"),
			want: state{Concurrency: 3, Stale: true},
		},
		{what: "what was in force is not saved", configMap: wrong, want: state{Concurrency: 16, Changed: true, Stale: true}},
		{what: "it is corrected", configMap: configMapOf("commit: {concurrency: 3}"), want: state{Concurrency: 3, Changed: true}},
		{what: "it is deleted", want: state{Concurrency: 16, Changed: true}},
	}
	store := NewStore()
	if diff := cmp.Diff(DefaultTuning(), store.Load()); diff != "" {
		t.Errorf("a new store holds (-want +got):\n%s", diff)
	}
	for _, step := range steps {
		changed := store.Apply(ResolveTuning(step.configMap, step.state))
		got := state{Concurrency: store.Load().Commit.Concurrency, Changed: changed, Stale: store.Stale()}
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("after %q (-want +got):\n%s", step.what, diff)
		}
	}
}
