package notify

import (
	"cmp"
	"strconv"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Warning is something that a user has to correct.
type Warning struct {
	// Object is the object to correct. Related is another one that it has to do with; it may be nil.
	Object, Related client.Object
	Reason, Action  string
	Note            string
	// Cause is the same for warnings that are to count as one although their notes differ; empty if the note tells.
	Cause string
	// Expected marks what the user may have chosen. It becomes a Normal Event.
	Expected bool
	// Repetition grows when a warning is to be sent again although nothing has changed, because the API server has removed its Event.
	Repetition int
}

// id returns the same for warnings that say the same. It has as much of the note as the Event: a note may quote an annotation, which may
// be long.
func (w Warning) id() string {
	return w.Reason + "\n" + string(w.Object.GetUID()) + "\n" + strconv.Itoa(w.Repetition) + "\n" + FitNote(cmp.Or(w.Cause, w.Note))
}

// Emit records an Event for each warning.
func Emit(recorder events.EventRecorder, warnings []Warning) {
	for _, w := range warnings {
		var related runtime.Object
		if w.Related != nil { // a nil client.Object in a runtime.Object would not be nil
			related = w.Related
		}
		eventType := corev1.EventTypeWarning
		if w.Expected {
			eventType = corev1.EventTypeNormal
		}
		recorder.Eventf(w.Object, related, eventType, w.Reason, w.Action, "%s", FitNote(w.Note))
	}
}

// Deduplicator remembers which warnings were sent, so that a reconciliation does not send them again.
type Deduplicator struct {
	mu sync.Mutex
	// sent has the ids of the warnings that hold for a Service. Its entry is removed when none holds any longer.
	sent map[types.NamespacedName]map[string]bool
}

// NewDeduplicator returns a Deduplicator that has seen no warning.
func NewDeduplicator() *Deduplicator {
	return &Deduplicator{sent: map[types.NamespacedName]map[string]bool{}}
}

// Filter takes all the warnings that hold for a Service now, and returns those that were not sent yet. A warning that no longer holds
// is forgotten, so it is sent again when it comes back.
func (d *Deduplicator) Filter(key types.NamespacedName, warnings []Warning) []Warning {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(warnings) == 0 {
		delete(d.sent, key)
		return nil
	}
	var unsent []Warning
	ids := make(map[string]bool, len(warnings))
	for _, w := range warnings {
		id := w.id()
		if !d.sent[key][id] && !ids[id] {
			unsent = append(unsent, w)
		}
		ids[id] = true
	}
	d.sent[key] = ids
	return unsent
}
