package notify

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
)

// eventRecorder is an events.EventRecorder that sends with an EventSender. The program does not wait for its Events when it ends: the
// next holder of the Lease finds the same warnings and records them again.
type eventRecorder struct {
	eventf func(regarding, related runtime.Object, eventType, reason, action, note string)
}

// Recorder returns a recorder that sends Events until the context ends. It shares the limits of the sender, and Wait does not wait for it.
func (s *EventSender) Recorder(ctx context.Context) events.EventRecorder {
	sender := newEventSender(s.client, s.quiet, s.limits, s.instance) // so that Events of commits do not queue behind warnings
	return eventRecorder{func(regarding, related runtime.Object, eventType, reason, action, note string) {
		event, err := NewEvent(regarding, related, time.Now())
		if err != nil {
			logf.FromContext(ctx).Error(err, "Failed to make Event", "reason", reason, "note", note)
			return
		}
		event.Type, event.Reason, event.Action, event.Note = eventType, reason, action, note
		sender.Send(ctx, event)
	}}
}

// Eventf implements events.EventRecorder.
func (r eventRecorder) Eventf(regarding, related runtime.Object, eventType, reason, action, note string, args ...any) {
	r.eventf(regarding, related, eventType, reason, action, fmt.Sprintf(note, args...))
}
