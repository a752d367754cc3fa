package leaderslice

import (
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
)

// SinceLayout is RFC 3339 with milliseconds. time.RFC3339 parses it, and people can read it.
const SinceLayout = "2006-01-02T15:04:05.000Z07:00"

// StateKeys are the annotations that say who leads.
var StateKeys = []string{config.TermKey, config.LeaderKey, config.LeaderSinceKey, config.ReasonKey}

// RecordKeys are Tanist's annotations on a slice.
var RecordKeys = append(slices.Clone(StateKeys), config.BasisKey, config.LeavingKey, config.LostKey, config.OldLeaderKey, config.HistoryKey)

// ReportKeys are the annotations of a leader Service that say who leads and who would follow.
var ReportKeys = append(slices.Clone(StateKeys), config.SuccessorKey)

// IsTanistKey reports whether the key of a label or annotation is Tanist's, of this version or another.
func IsTanistKey(key string) bool {
	return strings.HasPrefix(key, config.Domain+"/")
}

// SameState reports whether the annotations of two objects say the same about the leader.
func SameState(a, b map[string]string) bool {
	for _, key := range StateKeys {
		inA, okA := a[key]
		inB, okB := b[key]
		if inA != inB || okA != okB {
			return false
		}
	}
	return true
}

// SameReport reports whether the annotations of two leader Services say the same about the leader and its successor.
func SameReport(a, b map[string]string) bool {
	return SameState(a, b) && a[config.SuccessorKey] == b[config.SuccessorKey]
}

// StateAnnotations returns the annotations that say who leads. Slices have them, and the leader Service a copy.
func StateAnnotations(state State) map[string]string {
	annotations := map[string]string{config.TermKey: strconv.FormatInt(state.Term, 10)}
	if state.Leader.Name != "" {
		annotations[config.LeaderKey] = state.Leader.Name
		annotations[config.LeaderSinceKey] = state.Since.UTC().Format(SinceLayout)
	}
	if state.Reason != "" {
		annotations[config.ReasonKey] = state.Reason
	}
	return annotations
}

// ParseTerm returns the term that the annotations have; 0 if it is missing, negative or cannot be parsed.
func ParseTerm(annotations map[string]string) int64 {
	return parseTerm(annotations[config.TermKey])
}

func parseTerm(text string) int64 {
	term, err := strconv.ParseInt(text, 10, 64)
	if err != nil || term < 0 {
		return 0
	}
	return term
}

// leasePrefix precedes the version of a Lease in the basis.
const leasePrefix = "lease="

// BasisAnnotation returns the annotation that says what a commit was decided from:
// <term>/<leader's UID>/<version of the pods>/<version of the Services>, and for a Service that follows a Lease /lease=<version>. The term binds
// it to the commit: a version of Tanist that does not know the annotation keeps it unchanged when it moves the leader.
func BasisAnnotation(state State, basis Basis) string {
	parts := []string{strconv.FormatInt(state.Term, 10), string(state.Leader.UID), basis.Pods, basis.Services}
	if basis.Lease != "" {
		parts = append(parts, leasePrefix+basis.Lease)
	}
	return strings.Join(parts, "/")
}

// ParseBasis returns the leader's UID and what the commit was decided from. bound is false if the annotation is missing, cannot be parsed or
// was written with another term.
func ParseBasis(annotations map[string]string) (leader types.UID, basis Basis, bound bool) {
	parts := strings.Split(annotations[config.BasisKey], "/")
	lease, follows := strings.CutPrefix(parts[len(parts)-1], leasePrefix)
	if len(parts) != 4 && (len(parts) != 5 || !follows) || parts[0] == "" || parts[0] != annotations[config.TermKey] {
		return "", Basis{}, false
	}
	basis = Basis{Pods: parts[2], Services: parts[3]}
	if len(parts) == 5 {
		basis.Lease = lease
	}
	return types.UID(parts[1]), basis, true
}

// parseWrittenTerm returns the term in the basis, whatever the term's own annotation says.
func parseWrittenTerm(annotations map[string]string) int64 {
	term, _, _ := strings.Cut(annotations[config.BasisKey], "/")
	return parseTerm(term)
}

// LeavingAnnotation returns the annotation that names the pod that leaves: <pod's UID>@<time>.
func LeavingAnnotation(leaving Leaving) string {
	return string(leaving.Pod) + "@" + leaving.Until.UTC().Format(SinceLayout)
}

// parseLeaving returns the pod that leaves; zero if the annotation is missing or cannot be parsed.
func parseLeaving(annotation string) Leaving {
	pod, until, _ := strings.Cut(annotation, "@")
	parsed, err := time.Parse(time.RFC3339, until)
	if err != nil || pod == "" {
		return Leaving{}
	}
	return Leaving{Pod: types.UID(pod), Until: parsed}
}

// SetTriggerTime annotates a slice whose traffic changes with the time of its trigger, from which kube-proxy computes its network-programming
// latency. If the trigger is not known there is no annotation: kube-proxy would count an old one again.
func SetTriggerTime(desired *discoveryv1.EndpointSlice, trigger time.Time) {
	if !trigger.IsZero() {
		desired.Annotations[corev1.EndpointsLastChangeTriggerTime] = trigger.UTC().Format(time.RFC3339Nano)
	}
}
