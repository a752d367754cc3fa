package leaderservice

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/store"
)

// desired is a leader Service as it should be, from what it is: mirrored from the source, with who leads and follows, and with what
// Tanist remembers there for itself. orphanedSince is since when the namespace has no longer opted in; empty while it has.
func (h input) desired(current *corev1.Service, orphanedSince string) *corev1.Service {
	desired := Mirror(copyKeys(current, h.source, h.options), h.source, h.state)
	remembers := current
	if h.existing != nil { // one that takes its place has its memory
		remembers = h.existing
	}
	for key, value := range map[string]string{
		config.CopyLabelsKey:      strings.Join(h.options.CopyLabels, ","),
		config.CopyAnnotationsKey: strings.Join(h.options.CopyAnnotations, ","),
		config.LastGoodKey:        store.LastGood(h.source, remembers),
		config.InstallationKey:    h.installation,
		config.OrphanedSinceKey:   orphanedSince,
	} {
		annotate(desired, key, value)
	}
	if h.successor != nil { // else nobody knows, and what it says stays
		annotate(desired, config.SuccessorKey, *h.successor)
	}
	return desired
}

// annotate sets an annotation of the caller's own copy, or takes it away when the value is empty.
func annotate(service *corev1.Service, key, value string) {
	if value == "" {
		delete(service.Annotations, key)
		return
	}
	service.Annotations = leaderslice.Merge(service.Annotations, map[string]string{key: value})
}

// copyKeys is a leader Service with the labels and annotations that its source wants copied. Which were copied before is in its own
// annotations: what is no longer wanted goes again, and anyone else's stays.
func copyKeys(current, source *corev1.Service, options config.Options) *corev1.Service {
	copied := current.DeepCopy()
	copied.Labels = copyEach(copied.Labels, source.Labels,
		config.SplitKeys(current.Annotations[config.CopyLabelsKey]), options.CopyLabels)
	copied.Annotations = copyEach(copied.Annotations, source.Annotations,
		config.SplitKeys(current.Annotations[config.CopyAnnotationsKey]), options.CopyAnnotations)
	return copied
}

func copyEach(into, from map[string]string, before, wanted []string) map[string]string {
	for _, key := range before {
		delete(into, key)
	}
	for _, key := range wanted {
		delete(into, key)
		if value, found := from[key]; found {
			into = leaderslice.Merge(into, map[string]string{key: value})
		}
	}
	return into
}
