package gen

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
)

// Tune puts the tuning in a text in force.
func Tune(store *config.Store, text string) {
	store.Apply(config.ResolveTuning(&corev1.ConfigMap{Data: map[string]string{config.TuningKey: text}}, nil))
}
