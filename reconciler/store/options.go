package store

import (
	"encoding/json"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/tanist-dev/tanist/config"
)

// WantsLeader reports whether a Service, in a namespace that opted in, is to have a leader Service: it has the annotation, a selector and
// ports, and it is not being deleted.
func WantsLeader(service *corev1.Service) bool {
	return service != nil && config.Enabled(service.Annotations) && canHaveLeader(service)
}

// KeepsLeader reports whether a Service that has a leader Service keeps it. A mistyped annotation deletes nothing: it was right before.
func KeepsLeader(service *corev1.Service) bool {
	return service != nil && enabledOrMistyped(service) && canHaveLeader(service)
}

// LostItsPods reports whether a Service asks for a leader Service and can no longer have a leader, because it has lost its selector or its
// ports or has become an external name.
func LostItsPods(service *corev1.Service) bool {
	return service != nil && service.DeletionTimestamp == nil && enabledOrMistyped(service) && !canHaveLeader(service)
}

func canHaveLeader(service *corev1.Service) bool {
	return service.DeletionTimestamp == nil &&
		service.Spec.Type != corev1.ServiceTypeExternalName && len(service.Spec.Selector) > 0 && len(service.Spec.Ports) > 0
}

// enabledOrMistyped reports whether a Service's annotation asks for a leader Service, or may have done so before it was mistyped.
func enabledOrMistyped(service *corev1.Service) bool {
	return config.Enabled(service.Annotations) || config.Mistyped(service.Annotations)
}

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
