package reconciler

import (
	"strconv"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// complaint is something that a user has to mend.
type complaint struct {
	// about is the object to mend, related another one it has to do with (may be nil).
	about, related client.Object
	reason, action string
	note           string
	// known is for what its user may well have chosen: it makes a Normal Event.
	known bool
	// again is a number that grows when the same is to be said once more, because its Event is forgotten by then.
	again int
}

// id tells complaints apart.
func (c complaint) id() string {
	return c.reason + "\n" + string(c.about.GetUID()) + "\n" + strconv.Itoa(c.again) + "\n" + c.note
}

// emit makes Warnings of complaints, but for those known. The recorder sends them later.
func emit(recorder events.EventRecorder, all []complaint) {
	for _, c := range all {
		var related runtime.Object
		if c.related != nil { // an interface that holds a nil of another is not nil
			related = c.related
		}
		eventType := corev1.EventTypeWarning
		if c.known {
			eventType = corev1.EventTypeNormal
		}
		recorder.Eventf(c.about, related, eventType, c.reason, c.action, "%s", fitNote(c.note))
	}
}

// complaints remember what was said, so that an Event is not repeated at every reconciliation.
type complaints struct {
	mu sync.Mutex
	// said has an entry for each Service that there is something to say about; it goes when nothing is left.
	said map[types.NamespacedName]map[string]bool
}

func newComplaints() *complaints {
	return &complaints{said: map[types.NamespacedName]map[string]bool{}}
}

// news takes all that is wrong with a Service now, and returns what was not said yet. What is no longer wrong is forgotten, and
// said again when it comes back.
func (c *complaints) news(key types.NamespacedName, all []complaint) []complaint {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(all) == 0 {
		delete(c.said, key)
		return nil
	}
	var news []complaint
	now := make(map[string]bool, len(all))
	for _, one := range all {
		id := one.id()
		if !c.said[key][id] && !now[id] {
			news = append(news, one)
		}
		now[id] = true
	}
	c.said[key] = now
	return news
}
