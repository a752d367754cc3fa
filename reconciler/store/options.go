package store

import (
	"encoding/json"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/tanist-dev/tanist/config"
)

// ResolveOptions returns the options in force for a Service, and what is wrong with its annotations. For a wrong annotation, the last good
// value is in force. An annotation of the leader Service (nil when there is none) keeps it, so that every replica decides alike, also after
// a restart. A wrong name never renames the leader Service.
func ResolveOptions(source, leaderService *corev1.Service) (config.Options, field.ErrorList) {
	options, errs := config.ResolveOptions(source, lastGoodOf(leaderService))
	if leaderService != nil && config.Wrong(errs, config.LeaderServiceKey) {
		options.LeaderService = leaderService.Name
	}
	return options, errs
}

// lastGoodOf returns the last good annotations that a leader Service keeps; none when they cannot be read.
func lastGoodOf(leaderService *corev1.Service) map[string]string {
	if leaderService == nil {
		return nil
	}
	var values map[string]string
	if err := json.Unmarshal([]byte(leaderService.Annotations[config.LastGoodKey]), &values); err != nil {
		return nil
	}
	return values
}

// LastGood returns the value of the annotation that keeps a source's last good annotations; empty when there are none.
func LastGood(source, leaderService *corev1.Service) string {
	values := config.LastGood(source, lastGoodOf(leaderService))
	if len(values) == 0 {
		return ""
	}
	written, err := json.Marshal(values) // with sorted keys
	if err != nil {
		return ""
	}
	return string(written)
}
