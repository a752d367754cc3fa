package notify

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
)

// eventRecorder is an events.EventRecorder that sends with an EventSender.
type eventRecorder struct {
	eventf func(regarding, related runtime.Object, eventType, reason, action, note string)
}

// Recorder returns a recorder for warnings, which sends Events until the context ends. It shares the limits of the sender, and Wait does not wait
// for it: the next holder of the Lease finds the same warnings and records them again.
func (s *EventSender) Recorder(ctx context.Context) events.EventRecorder {
	return s.Separate().FlushedRecorder(ctx)
}

// Separate returns a sender that shares the limits, and has its own Events to wait for. They do not queue behind those of the other sender.
func (s *EventSender) Separate() *EventSender {
	return newEventSender(s.client, s.quiet, s.limits, s.instance)
}

// FlushedRecorder returns a recorder for what only this replica knows. Wait waits for its Events.
func (s *EventSender) FlushedRecorder(ctx context.Context) events.EventRecorder {
	return eventRecorder{func(regarding, related runtime.Object, eventType, reason, action, note string) {
		event, err := NewEvent(regarding, related, time.Now())
		if err != nil {
			logf.FromContext(ctx).Error(err, "Failed to make Event", "reason", reason, "note", note)
			return
		}
		event.Type, event.Reason, event.Action, event.Note = eventType, reason, action, note
		s.Send(ctx, event)
	}}
}

// Eventf implements events.EventRecorder.
func (r eventRecorder) Eventf(regarding, related runtime.Object, eventType, reason, action, note string, args ...any) {
	r.eventf(regarding, related, eventType, reason, action, fmt.Sprintf(note, args...))
}
