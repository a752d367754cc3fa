//go:build integration

package integration_test

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
)

const (
	goodTuning  = "commit: {concurrency: 7} # as it is written"
	otherTuning = "commit: {concurrency: 8}"
	wrongTuning = "commit: {concurrency: 0}"
)

// saves waits until Tanist has saved a tuning.
func (i *tanist) saves(text string) {
	i.t.Helper()
	history.eventually(i.t, func() string {
		state := latest[*corev1.ConfigMap](history, "ConfigMap", i.namespace, config.TuningState)
		if state == nil || state.Data[config.TuningKey] != text {
			return fmt.Sprintf("that %q is saved, got %+v", text, state)
		}
		return ""
	})
}

func (i *tanist) warnsOfTuning(reason, contains string) {
	i.t.Helper()
	awaitEvent(i.t, corev1.EventTypeWarning, i.namespace, config.TuningConfigMap, reason, contains)
}

func TestTheLastGoodTuningOutlastsEveryReplica(t *testing.T) {
	installation := newTanist(t)
	first := installation.startElected()
	installation.tune(goodTuning)
	first.isTuned(goodTuning)
	installation.saves(goodTuning)

	installation.tune(wrongTuning)
	first.counts(1, "tanist_tuning_stale")
	installation.warnsOfTuning("InvalidTuning", "the last good tuning stays in force")
	second := installation.start() // it has never seen the good tuning
	first.stop()
	third := installation.start()
	for _, r := range []*replica{second, third} {
		r.isTuned(goodTuning)
		r.counts(1, "tanist_tuning_stale")
	}

	history.eventually(t, func() string {
		if !second.holdsLease() && !third.holdsLease() {
			return "a holder of the Lease"
		}
		return ""
	})
	installation.tune(otherTuning)
	for _, r := range []*replica{second, third} {
		r.isTuned(otherTuning)
		r.counts(0, "tanist_tuning_stale")
	}
	installation.saves(otherTuning) // the new holder of the Lease saves it
}

// TestWithoutALastGoodTuningTheDefaultsAreInForce: the first tuning is wrong, or the saved one is of a newer version.
func TestWithoutALastGoodTuningTheDefaultsAreInForce(t *testing.T) {
	cases := map[string]struct{ state, wants string }{
		"none was saved": {state: `{}`, wants: "no good tuning was saved before"},
		"the saved one cannot be read": {
			state: `{"tuning.yaml":"apiVersion: config.tanist.dev/v9"}`,
			wants: `cannot read the last good tuning in the ConfigMap tanist-state: data[tuning.yaml].apiVersion: Unsupported value: "config.tanist.dev/v9"`,
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			installation := newTanist(t)
			patch(t, clientset.CoreV1().ConfigMaps(installation.namespace), types.MergePatchType, config.TuningState, `{"data":`+test.state+`}`)
			installation.tune(wrongTuning)
			replicas := []*replica{installation.startElected(), installation.start()}
			installation.warnsOfTuning("InvalidTuning", test.wants)
			for _, r := range replicas {
				r.isTuned("")
			}
		})
	}
}

// TestReplicasAgreeOnATuningThatGoesWrongAtOnce: some replicas may never see the good tuning, and it may never be saved.
func TestReplicasAgreeOnATuningThatGoesWrongAtOnce(t *testing.T) {
	installation := newTanist(t)
	replicas := []*replica{installation.startElected(), installation.start(), installation.start()}
	for n := range 10 {
		installation.tune(fmt.Sprintf("commit: {concurrency: %d}", 20+n))
		installation.tune(wrongTuning)
		history.eventually(t, func() string {
			state := latest[*corev1.ConfigMap](history, "ConfigMap", installation.namespace, config.TuningState)
			tuning, errs := config.ParseTuning([]byte(state.Data[config.TuningKey]))
			if len(errs) > 0 {
				t.Fatal(errs.ToAggregate())
			}
			for n, r := range replicas {
				if r.counter("tanist_tuning_stale") != 1 || r.counter("tanist_tuning_info", "hash="+tuning.Hash()) != 1 {
					return fmt.Sprintf("that replica %d works by what is saved", n)
				}
			}
			return ""
		})
	}
}

// TestAnUpgradeLeavesTheLastGoodTuning: it also shows that the chart's rights let a replica save the tuning.
func TestAnUpgradeLeavesTheLastGoodTuning(t *testing.T) {
	i := newInstalled(t)
	r := i.startElected()
	i.put(goodTuning, r)
	i.saves(goodTuning)
	for _, object := range theChart.objects {
		if object.GetName() == config.TuningState {
			if err := theChart.apply(t.Context(), object); err != nil {
				t.Fatal(err)
			}
		}
	}
	state, err := clientset.CoreV1().ConfigMaps(release).Get(t.Context(), config.TuningState, metav1.GetOptions{})
	if err != nil || state.Data[config.TuningKey] != goodTuning {
		t.Errorf("got %v, %v", state.Data, err)
	}
}

func TestATuningThatCannotBeSavedIsReported(t *testing.T) {
	installation := newTanist(t)
	if err := clientset.CoreV1().ConfigMaps(installation.namespace).Delete(t.Context(), config.TuningState, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	r := installation.startElected()
	installation.tune(goodTuning)
	r.isTuned(goodTuning)
	installation.warnsOfTuning("TuningNotSaved", "there is no ConfigMap tanist-state")
	if _, err := clientset.CoreV1().ConfigMaps(installation.namespace).Create(t.Context(), &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: config.TuningState},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	installation.saves(goodTuning)
}
