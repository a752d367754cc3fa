package notify

import (
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"
	eventsv1 "k8s.io/api/events/v1"
)

// How many Events of one kind a Service may have: eventBurst at once, and another one every eventInterval. Without a limit, a Service
// whose leader's readiness changes every second would have several a second, for as long as that lasts.
const (
	eventBurst    = 25
	eventInterval = time.Minute
)

// How many Events a namespace may have, whatever they are about: namespaceBurst at once, and another one every namespaceInterval. Without
// this limit, hundreds of Services over the same flapping pods would have hundreds of Events for every change of a pod.
const (
	namespaceBurst    = 200
	namespaceInterval = 100 * time.Millisecond
)

// eventKind is what is limited: the Events with one reason about one object. Each reason has a limit of its own, so that many hand-overs
// do not suppress a Warning.
type eventKind struct {
	namespace, objectKind, name, reason string
}

// kindOf returns the kind of an Event. An Event about a pod that is related to a Service counts as the Service's, because each new pod
// would have a limit of its own, and the Service no limit at all.
func kindOf(event *eventsv1.Event) eventKind {
	about := event.Regarding
	if about.Kind != "Service" && event.Related != nil && event.Related.Kind == "Service" {
		about = *event.Related
	}
	return eventKind{event.Namespace, about.Kind, about.Name, event.Reason}
}

// eventLimits decides which Events are sent, and when. Of the Events of one kind that come too fast, because of the limit of the kind or of
// the namespace, it keeps the newest until one may be sent, and omits the rest. The note of the one sent says how many were omitted. So
// users always see the newest state: a minute late at most, or, if the namespace has more than 600 kinds that wait, as late as these take.
// No more Events wait than there are kinds.
type eventLimits struct {
	omitted prometheus.Counter

	mu sync.Mutex
	// kinds has an entry from the first Event of a kind until its limit has recovered, at most about 25 minutes after the last one was sent.
	// So the entries of deleted Services disappear by themselves.
	kinds map[eventKind]*limitedEvents
	// namespaces has an entry from the first Event of a namespace until its limit has recovered.
	namespaces map[string]*rate.Limiter
	// lastNumber is the number in the name of the last Event, and latest when the last one was admitted.
	lastNumber int64
	latest     time.Time
}

// limitedEvents is what is known of the Events of one kind.
type limitedEvents struct {
	bucket *rate.Limiter
	// waiting is the Event that waits until it may be sent; nil when none does.
	waiting *eventsv1.Event
	// omitted is how many Events the waiting one has replaced. The first of them was made at since.
	omitted int
	since   time.Time
}

func newEventLimits() *eventLimits {
	return &eventLimits{omitted: newOmittedEvents(), kinds: map[eventKind]*limitedEvents{}, namespaces: map[string]*rate.Limiter{}}
}

// admit returns how long to wait before an Event may be sent. A caller that is told to wait must call take in the end, also if it stops
// waiting: until then, every Event of the kind is held back. It sends what take returns. When another Event of the kind is waiting already,
// the new one replaces it and is not admitted: the caller has nothing to do.
func (l *eventLimits) admit(event *eventsv1.Event, now time.Time) (wait time.Duration, admitted bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	// Events that are made at the same time may come here in another order. A limiter that is asked about an earlier time counts the time since
	// then twice.
	if now.Before(l.latest) {
		now = l.latest
	}
	l.latest = now
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
	if l.namespaces[kind.namespace] == nil {
		l.namespaces[kind.namespace] = rate.NewLimiter(rate.Every(namespaceInterval), namespaceBurst)
	}
	wait = max(limited.bucket.ReserveN(now, 1).DelayFrom(now), l.namespaces[kind.namespace].ReserveN(now, 1).DelayFrom(now))
	if wait > 0 {
		limited.waiting = event
	}
	return wait, true
}

// take returns the Event that has waited, or the newest one that has replaced it.
func (l *eventLimits) take(event *eventsv1.Event) *eventsv1.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	limited := l.kinds[kindOf(event)]
	taken := limited.waiting
	if limited.omitted > 0 {
		suffix := fmt.Sprintf(" (%d more %s Events since %s UTC were omitted)", limited.omitted, event.Reason, limited.since.UTC().Format(time.TimeOnly))
		taken.Note = shorten(taken.Note, maxNote-len(suffix)) + suffix
	}
	limited.waiting, limited.omitted = nil, 0
	return taken
}

// sweep drops the kinds and the namespaces whose limit has recovered. It calls itself again while there are others.
func (l *eventLimits) sweep() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	maps.DeleteFunc(l.kinds, func(_ eventKind, limited *limitedEvents) bool {
		return limited.waiting == nil && limited.bucket.TokensAt(now) >= eventBurst
	})
	maps.DeleteFunc(l.namespaces, func(_ string, bucket *rate.Limiter) bool { return bucket.TokensAt(now) >= namespaceBurst })
	if len(l.kinds) > 0 { // no namespace's limit recovers later than its kinds' limits
		time.AfterFunc(eventInterval, l.sweep)
	}
}

// number returns a number for an Event's name: the time, but never the same twice. With the same name, the API server would refuse the
// second Event, and the sender would take it for sent.
func (l *eventLimits) number(now time.Time) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lastNumber = max(now.UnixNano(), l.lastNumber+1)
	return l.lastNumber
}
