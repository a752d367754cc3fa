package notify

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
)

// eventRecorder is the recorder of the controllers: an eventSender that nobody waits for when the program ends. What is lost then is
// said again by the next replica that holds the Lease.
type eventRecorder struct {
	eventf func(regarding, related runtime.Object, eventType, reason, action, note string)
}

// Recorder sends Events until the context ends, within the limits of the sender.
func (e *EventSender) Recorder(ctx context.Context) events.EventRecorder {
	sender := &EventSender{client: e.client, quiet: e.quiet, limits: e.limits, instance: e.instance}
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
