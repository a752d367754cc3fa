package leaderservice

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/store"
)

// desired returns a leader Service as it should be: mirrored from the source, with who leads and who would follow, and with the annotations
// in which Tanist keeps what it has to remember. orphanedSince is when the namespace opted out; empty while it has opted in.
func (in input) desired(current *corev1.Service, orphanedSince string) *corev1.Service {
	desired := Mirror(copyKeys(current, in.source, in.options), in.source, in.options, in.state)
	lastGood := current
	if in.existing != nil { // a leader Service with another name takes over the last good values
		lastGood = in.existing
	}
	for key, value := range map[string]string{
		config.CopyLabelsKey:        strings.Join(in.options.CopyLabels, ","),
		config.CopyAnnotationsKey:   strings.Join(in.options.CopyAnnotations, ","),
		config.LastGoodKey:          store.LastGood(in.source, lastGood),
		config.LeaderServiceTypeKey: recordedType(in.options),
		config.InstallationKey:      in.installation,
		config.OrphanedSinceKey:     orphanedSince,
	} {
		annotate(desired, key, value)
	}
	if in.successor != nil { // when it is not known, the annotation stays
		annotate(desired, config.SuccessorKey, *in.successor)
	}
	return desired
}

// nextVersion returns a leader Service as it should be after the next write, and whether that is all. A type that opens it to the outside of
// the cluster is a write of its own, after everything else: a quota or a policy may refuse it, and that must hold up nothing else. So a
// Service whose wish is refused has a leader Service all the same.
func (in input) nextVersion(current *corev1.Service, orphanedSince string) (next *corev1.Service, last bool) {
	desired := in.desired(current, orphanedSince)
	if !opens(current, desired) {
		return desired, true
	}
	before := in
	before.options.LeaderServiceType = config.LeaderServiceTypeOf(current)
	if closed := before.desired(current, orphanedSince); current.UID == "" || !sameLeaderService(current, closed) {
		return closed, false
	}
	return desired, true
}

// opens reports whether a change lets traffic in on more ways than before.
func opens(current, desired *corev1.Service) bool {
	is, want := config.LeaderServiceTypeOf(current), config.LeaderServiceTypeOf(desired)
	return is == config.TypeClusterIP && want.External() || is == config.TypeNodePort && want == config.TypeLoadBalancer
}

// recordedType returns the type that a leader Service records as asked for: the policy for Tanist's account allows no other one. The default
// is not recorded.
func recordedType(options config.Options) string {
	if options.LeaderServiceType == config.TypeClusterIP {
		return ""
	}
	return string(options.LeaderServiceType)
}

// annotate sets an annotation, or removes it when the value is empty. The Service must be the caller's own copy.
func annotate(service *corev1.Service, key, value string) {
	if value == "" {
		delete(service.Annotations, key)
		return
	}
	metav1.SetMetaDataAnnotation(&service.ObjectMeta, key, value)
}

// copyKeys returns a leader Service with the labels and annotations that its source asks to copy. Annotations of the leader Service say
// which keys were copied before: those that are no longer asked for are removed. Keys that someone else has set stay.
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
			into = labels.Merge(into, map[string]string{key: value})
		}
	}
	return into
}
