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

// ReasonWriteRefused is the reason of Tanist's Events about writes that the API server rejects. Only these Events report them: Tanist
// cannot write them down in the object itself.
const ReasonWriteRefused = "WriteRefused"

// refused returns the newest rejected write that Tanist has reported, unless a later write of the same kind has succeeded.
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
	return []Warning{{WriteRefused, fmt.Sprintf("%s (last reported %s)", newest.Message, lastSeen(newest).UTC().Format(time.RFC3339))}}
}

// overtaken reports whether Tanist has since written the object that an Event is about.
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
			// Both times are in seconds. A write that succeeds after a rejected one comes seconds later.
			if entry.Manager == config.ManagedBy && entry.Time != nil && entry.Time.After(lastSeen(event)) {
				return true
			}
		}
	}
	return false
}

// lastSeen returns the time at which an Event last occurred.
func lastSeen(event *corev1.Event) time.Time {
	if event.Series != nil {
		return event.Series.LastObservedTime.Time
	}
	times := []time.Time{event.EventTime.Time, event.LastTimestamp.Time, event.CreationTimestamp.Time}
	return cmp.Or(times...)
}
