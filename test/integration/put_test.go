//go:build integration

package integration_test

import (
	"encoding/json"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
)

// tryPut writes the tuning and nothing else of its ConfigMap, as a user does who edits it.
func (i *tanist) tryPut(text string) error {
	i.t.Helper()
	body, err := json.Marshal(map[string]any{"data": map[string]string{config.TuningKey: text}})
	if err != nil {
		i.t.Fatal(err)
	}
	_, err = clientset.CoreV1().ConfigMaps(i.namespace).Patch(
		i.t.Context(), config.TuningConfigMap, types.MergePatchType, body, metav1.PatchOptions{})
	return err
}

// put writes the tuning and waits until it is in force in some replicas.
func (i *tanist) put(text string, replicas ...*replica) {
	i.t.Helper()
	if err := i.tryPut(text); err != nil {
		i.t.Fatalf("failed to write the tuning: %v", err)
	}
	for _, r := range replicas {
		r.isTuned(text)
	}
}

// isTuned waits until a tuning is in force.
func (r *replica) isTuned(text string) {
	r.t.Helper()
	tuning, errs := config.ParseTuningConfigMap(&corev1.ConfigMap{Data: map[string]string{config.TuningKey: text}})
	if len(errs) > 0 {
		r.t.Fatal(errs.ToAggregate())
	}
	r.counts(1, "tanist_tuning_info", "hash="+tuning.Hash())
}
