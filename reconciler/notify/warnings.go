package notify

import (
	"strconv"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Warning is something that a user has to mend.
type Warning struct {
	// Object is the object to mend, related another one it has to do with (may be nil).
	Object, Related client.Object
	Reason, Action  string
	Note            string
	// Expected is for what its user may well have chosen: it makes a Normal Event.
	Expected bool
	// Repetition is a number that grows when the same is to be said once more, because its Event is forgotten by then.
	Repetition int
}

// id tells complaints apart.
func (c Warning) id() string {
	return c.Reason + "\n" + string(c.Object.GetUID()) + "\n" + strconv.Itoa(c.Repetition) + "\n" + c.Note
}

// Emit makes Warnings of complaints, but for those known. The recorder sends them later.
func Emit(recorder events.EventRecorder, all []Warning) {
	for _, c := range all {
		var related runtime.Object
		if c.Related != nil { // an interface that holds a nil of another is not nil
			related = c.Related
		}
		eventType := corev1.EventTypeWarning
		if c.Expected {
			eventType = corev1.EventTypeNormal
		}
		recorder.Eventf(c.Object, related, eventType, c.Reason, c.Action, "%s", FitNote(c.Note))
	}
}

// Deduplicator remember what was said, so that an Event is not repeated at every reconciliation.
type Deduplicator struct {
	mu sync.Mutex
	// Sent has an entry for each Service that there is something to say about; it goes when nothing is left.
	Sent map[types.NamespacedName]map[string]bool
}

func NewDeduplicator() *Deduplicator {
	return &Deduplicator{Sent: map[types.NamespacedName]map[string]bool{}}
}

// Unsent takes all that is wrong with a Service now, and returns what was not said yet. What is no longer wrong is forgotten, and
// said again when it comes back.
func (c *Deduplicator) Unsent(key types.NamespacedName, all []Warning) []Warning {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(all) == 0 {
		delete(c.Sent, key)
		return nil
	}
	var news []Warning
	now := make(map[string]bool, len(all))
	for _, one := range all {
		id := one.id()
		if !c.Sent[key][id] && !now[id] {
			news = append(news, one)
		}
		now[id] = true
	}
	c.Sent[key] = now
	return news
}
