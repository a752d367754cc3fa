package report

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
)

// tanistsEvents returns the Events of Tanist's namespace that are about Tanist, with their notes. Its pods have no probe that prints a secret.
func tanistsEvents(events []*corev1.Event) []Event {
	all := []Event{}
	for _, e := range events {
		if name := e.InvolvedObject.Name; name == config.ReplicaName || strings.HasPrefix(name, config.ReplicaName+"-") {
			all = append(all, eventOf(e, true))
		}
	}
	return all
}

// eventsAbout returns the Events about objects of a namespace, and those that Tanist reports. Only the latter have their notes.
func eventsAbout(namespace string, included map[objectKey]bool, events []*corev1.Event) []Event {
	all := []Event{}
	for _, e := range events {
		own := reporterOf(e) == config.ManagedBy
		if e.Namespace == namespace && (own || included[objectKey{e.InvolvedObject.Kind, e.InvolvedObject.Name}]) {
			all = append(all, eventOf(e, own))
		}
	}
	return all
}

// objectKey names an object of a namespace.
type objectKey struct{ kind, name string }
