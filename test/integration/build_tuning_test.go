//go:build integration

package integration_test

import (
	"encoding/json"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
)

// tune writes the tuning, and its ConfigMap where there is none. A replica that runs uses it a moment later.
func (i *tanist) tune(text string) {
	i.t.Helper()
	if i.tryPut(text) == nil {
		return
	}
	if _, err := clientset.CoreV1().ConfigMaps(i.namespace).Create(i.t.Context(), &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: config.TuningConfigMap}, Data: map[string]string{config.TuningKey: text},
	}, metav1.CreateOptions{}); err != nil {
		i.t.Fatalf("failed to create ConfigMap: %v", err)
	}
}

// tryPut writes the tuning and nothing else of its ConfigMap, as a user's edit does.
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

// put writes the tuning and waits until these replicas use it.
func (i *tanist) put(text string, replicas ...*replica) {
	i.t.Helper()
	if err := i.tryPut(text); err != nil {
		i.t.Fatalf("failed to write the tuning: %v", err)
	}
	for _, r := range replicas {
		r.isTuned(text)
	}
}

// isTuned waits until a replica uses a tuning.
func (r *replica) isTuned(text string) {
	r.t.Helper()
	tuning, errs := config.ParseTuningConfigMap(&corev1.ConfigMap{Data: map[string]string{config.TuningKey: text}})
	if len(errs) > 0 {
		r.t.Fatal(errs.ToAggregate())
	}
	r.counts(1, "tanist_tuning_info", "hash="+tuning.Hash())
}
