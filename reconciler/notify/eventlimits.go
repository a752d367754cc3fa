package notify

import (
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"
	eventsv1 "k8s.io/api/events/v1"
)

// How many Events of one kind a Service may have: eventBurst at once, and another one every eventInterval. A Service whose leader is
// ready and not ready every second would otherwise have several a second, for as long as that lasts.
const (
	eventBurst    = 25
	eventInterval = time.Minute
)

// eventKind is what is limited: the Events of one reason about one object. Each reason has a limit of its own, so that hand-overs
// leave out no Warning.
type eventKind struct {
	namespace, kind, name, reason string
}

// kindOf counts an Event about another object as its Service's, if it is related to one: pods come and go.
func kindOf(event *eventsv1.Event) eventKind {
	about := event.Regarding
	if about.Kind != "Service" && event.Related != nil && event.Related.Kind == "Service" {
		about = *event.Related
	}
	return eventKind{event.Namespace, about.Kind, about.Name, event.Reason}
}

// eventLimits decide which Events are sent, and when. Of those of one kind that come too fast the last one is kept until it may be
// sent; it says how many were left out. So the newest state is always told of, a minute late at most.
type eventLimits struct {
	omitted prometheus.Counter

	mu sync.Mutex
	// kinds has an entry from the first Event of a kind until its limit has recovered: 25 minutes after the last one at most. So
	// nothing has to say that a Service is gone.
	kinds map[eventKind]*limitedEvents
	// lastName is the number in the name of the last Event.
	lastName int64
}

// limitedEvents are those of one kind.
type limitedEvents struct {
	bucket *rate.Limiter
	// waiting is the last one that was held back; nil while none is.
	waiting *eventsv1.Event
	// omitted is how many were left out before it, the first of them at since.
	omitted int
	since   time.Time
}

func newEventLimits() *eventLimits {
	return &eventLimits{omitted: newOmittedEvents(), kinds: map[eventKind]*limitedEvents{}}
}

// admit says how long to wait before an Event may be sent; then take it. When another one of its kind is waiting already the newer one
// takes its place, and its caller has nothing to do.
func (l *eventLimits) admit(event *eventsv1.Event, now time.Time) (wait time.Duration, admitted bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	kind := kindOf(event)
	limited := l.kinds[kind]
	if limited == nil {
		if len(l.kinds) == 0 {
			time.AfterFunc(eventInterval, l.sweep)
		}
		limited = &limitedEvents{bucket: rate.NewLimiter(rate.Every(eventInterval), eventBurst)}
		l.kinds[kind] = limited
	}
	if limited.waiting != nil {
		if limited.omitted == 0 {
			limited.since = limited.waiting.EventTime.Time
		}
		limited.omitted++
		l.omitted.Inc()
		limited.waiting = event
		return 0, false
	}
	if wait = limited.bucket.ReserveN(now, 1).DelayFrom(now); wait > 0 {
		limited.waiting = event
	}
	return wait, true
}

// take returns the Event that has waited, or the newer one that has taken its place.
func (l *eventLimits) take(event *eventsv1.Event) *eventsv1.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	limited := l.kinds[kindOf(event)]
	taken := limited.waiting
	if limited.omitted > 0 {
		suffix := fmt.Sprintf(" (%d more %s since %s were left out)", limited.omitted, event.Reason, limited.since.UTC().Format(time.TimeOnly))
		taken.Note = cut(taken.Note, maxNote-len(suffix)) + suffix
	}
	limited.waiting, limited.omitted = nil, 0
	return taken
}

// sweep drops the kinds whose limit has recovered, and comes back while there are others.
func (l *eventLimits) sweep() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	for kind, limited := range l.kinds {
		if limited.waiting == nil && limited.bucket.TokensAt(now) >= eventBurst {
			delete(l.kinds, kind)
		}
	}
	if len(l.kinds) > 0 {
		time.AfterFunc(eventInterval, l.sweep)
	}
}

// number is the time, but never the same twice: it makes the Event's name.
func (l *eventLimits) number(now time.Time) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lastName = max(now.UnixNano(), l.lastName+1)
	return l.lastName
}

// newOmittedEvents counts for the eventLimits.
func newOmittedEvents() prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{
		Name: "tanist_events_omitted_total",
		Help: "Events that were not sent because their Service had too many with the same reason; the next one says how many.",
	})
}
