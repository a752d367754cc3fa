package status

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
)

// ReasonWriteRefused is that of Tanist's Events about writes that the API server refuses. They are all that tells of them: what is
// refused cannot be written anywhere else.
const ReasonWriteRefused = "WriteRefused"

// refused is the newest refusal that Tanist has told of a Service and that no later write of the same kind has overtaken.
func (f findings) refused() []Warning {
	var newest *corev1.Event
	for _, event := range f.Events {
		if event.Reason == ReasonWriteRefused && event.InvolvedObject.UID == f.Service.UID && !f.overtaken(event) &&
			(newest == nil || lastSeen(event).After(lastSeen(newest))) {
			newest = event
		}
	}
	if newest == nil {
		return nil
	}
	return []Warning{{WriteRefused, fmt.Sprintf("%s (last told %s)", newest.Message, lastSeen(newest).UTC().Format(time.RFC3339))}}
}

// overtaken reports whether Tanist has written what a refusal is about since.
func (f findings) overtaken(event *corev1.Event) bool {
	if f.leaderService == nil {
		return false
	}
	about := []metav1.Object{f.leaderService}
	if strings.Contains(event.Message, "EndpointSlice") {
		about = nil
		for _, slice := range named(f.leaderService, f.Slices) {
			about = append(about, slice)
		}
	}
	for _, object := range about {
		for _, entry := range object.GetManagedFields() {
			// Both times are in seconds, and the write that a refusal is followed by comes seconds later.
			if entry.Manager == config.ManagedBy && entry.Time != nil && entry.Time.After(lastSeen(event)) {
				return true
			}
		}
	}
	return false
}

// lastSeen is when an Event was last told.
func lastSeen(event *corev1.Event) time.Time {
	if event.Series != nil {
		return event.Series.LastObservedTime.Time
	}
	times := []time.Time{event.EventTime.Time, event.LastTimestamp.Time, event.CreationTimestamp.Time}
	return cmp.Or(times...)
}
