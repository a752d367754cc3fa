package status

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/leaderservice"
	"github.com/tanist-dev/tanist/reconciler/store"
)

// ReasonWriteRefused is the reason of Tanist's Events about writes that the API server rejects. Only these Events report them: Tanist
// cannot write them down in the object itself.
const ReasonWriteRefused = "WriteRefused"

// refused returns the newest rejected write that Tanist has reported, if it still has to be made. The Event itself stays for an hour.
func (f findings) refused() []Warning {
	var newest *corev1.Event
	for _, event := range f.Events {
		if event.Reason == ReasonWriteRefused && event.InvolvedObject.UID == f.Service.UID && f.outstanding(event) &&
			(newest == nil || lastSeen(event).After(lastSeen(newest))) {
			newest = event
		}
	}
	if newest == nil {
		return nil
	}
	return []Warning{{WriteRefused, fmt.Sprintf("%s (last reported %s)", newest.Message, lastSeen(newest).UTC().Format(time.RFC3339))}}
}

// write is a write that an Event is about. The names of its parts are Tanist's own.
type write struct{ verb, kind, name string }

// attempted matches a write in the note of an Event, which has a line for each.
var attempted = regexp.MustCompile(`(?m)^failed to (create|update|patch|delete|set condition \S+ of) (Service|EndpointSlice|Endpoints) ([^\s:]+)`)

// writesOf returns the writes that an Event is about. There are none if the note is not Tanist's.
func writesOf(event *corev1.Event) []write {
	var all []write
	for _, match := range attempted.FindAllStringSubmatch(event.Message, -1) {
		all = append(all, write{match[1], match[2], match[3]})
	}
	return all
}

// outstanding reports whether one of the writes that an Event is about has still to be made.
func (f findings) outstanding(event *corev1.Event) bool {
	writes, at := writesOf(event), lastSeen(event)
	if len(writes) == 0 { // a version that words it in another way
		return f.keeps() && (f.leaderService == nil || !writtenAfter(f.leaderService, config.ManagedBy, at))
	}
	return slices.ContainsFunc(writes, func(w write) bool { return f.remains(w, at) })
}

// remains reports whether Tanist has still to make a write that was refused at a time. It does, unless what the user may read shows that the write
// was made or is no longer wanted.
func (f findings) remains(w write, at time.Time) bool {
	object := f.written(w)
	service, isService := object.(*corev1.Service)
	switch {
	case w.verb == "create":
		return object == nil && f.keeps() && f.optedIn() && f.creates(w)
	case w.kind == "Endpoints": // which are not read
		return f.leaderService != nil
	case object == nil:
		return false
	case w.verb == "delete" && isService: // unless it is to stay, now that the Service has opted in again
		return !f.keeps() || service.Name != f.wanted.LeaderService || !f.upToDate(service)
	case w.verb == "delete":
		return !f.keeps() || !f.creates(w)
	}
	return f.keeps() && f.changes(w, object, at)
}

// changes reports whether an object that is kept still has to be changed. Whether a slice is as decided is not known here: a decision takes more
// than `get` reads.
func (f findings) changes(w write, object metav1.Object, at time.Time) bool {
	service, isService := object.(*corev1.Service)
	switch {
	case isService && w.verb == "patch":
		return !writtenAfter(object, config.ManagedBy, at) && !f.upToDate(service)
	case isService: // a condition
		return !writtenAfter(object, conditionOwner, at)
	}
	return !writtenAfter(object, config.ManagedBy, at)
}

func (f findings) upToDate(leaderService *corev1.Service) bool {
	return leaderservice.UpToDate(leaderService, f.Service, f.recordedState(leaderService))
}

// conditionOwner is the name under which Tanist writes conditions.
const conditionOwner = config.ManagedBy + "-status"

// keeps reports whether the Service is to have a leader Service, or to keep the one that exists. A namespace that opts out keeps it for a while.
func (f findings) keeps() bool {
	return store.WantsLeader(f.Service) || f.leaderService != nil && store.KeepsLeader(f.Service)
}

// written returns the object that a write is about, as it is now; nil if it does not exist.
func (f findings) written(w write) metav1.Object {
	if w.kind == "Service" {
		for _, service := range f.Services {
			if service.Namespace == f.Service.Namespace && service.Name == w.name && Made(service, f.Service) {
				return service
			}
		}
		return nil
	}
	for _, slice := range f.Slices {
		if w.kind == "EndpointSlice" && slice.Namespace == f.Service.Namespace && slice.Name == w.name {
			return slice
		}
	}
	return nil
}

// creates reports whether Tanist would create an object today: the source may ask for another name since.
func (f findings) creates(w write) bool {
	if w.kind == "Service" {
		return w.name == f.wanted.LeaderService || f.leaderService == nil
	}
	return f.leaderService != nil && slices.Contains(leaderslice.Names(f.leaderService), w.name)
}

// recordedState returns who leads according to the slice that Tanist decides with; zero if there is none.
func (f findings) recordedState(leaderService *corev1.Service) leaderslice.State {
	if len(leaderslice.Families(leaderService)) == 0 {
		return leaderslice.State{}
	}
	name := leaderslice.Name(leaderService.Name, leaderslice.PrimaryFamily(leaderService))
	for _, slice := range f.Slices {
		if slice.Name == name && leaderslice.OwnsSlice(slice, leaderService) {
			return leaderslice.Parse(slice).State
		}
	}
	return leaderslice.State{}
}

// writtenAfter reports whether Tanist has written an object under a name after a time.
func writtenAfter(object metav1.Object, owner string, at time.Time) bool {
	return slices.ContainsFunc(object.GetManagedFields(), func(entry metav1.ManagedFieldsEntry) bool {
		// Both times are in seconds. A write that succeeds after a rejected one comes seconds later.
		return entry.Manager == owner && entry.Time != nil && entry.Time.After(at)
	})
}

// lastSeen returns the time at which an Event last occurred.
func lastSeen(event *corev1.Event) time.Time {
	if event.Series != nil {
		return event.Series.LastObservedTime.Time
	}
	times := []time.Time{event.EventTime.Time, event.LastTimestamp.Time, event.CreationTimestamp.Time}
	return cmp.Or(times...)
}
