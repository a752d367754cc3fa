package afterhandover

import (
	"fmt"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/notify"
)

// doneReason returns the reason of the Event about an action that succeeded.
func doneReason(in input) string {
	if in.options.Evict {
		return notify.ReasonOldLeaderEvicted
	}
	return notify.ReasonOldLeaderCalled
}

// report sends an Event about the Service.
func (c *Controller) report(in input, reason, text string) {
	warning := notify.Warning{
		Object: in.source, Reason: reason, Action: notify.ActionAfterHandover, Expected: reason != notify.ReasonAfterHandoverFailed,
		Note: note(in, reason, text),
	}
	if in.pod != nil {
		warning.Related = in.pod
	}
	notify.Emit(c.recorder, []notify.Warning{warning})
}

// note returns the note of an Event.
func note(in input, reason, text string) string {
	about := fmt.Sprintf("%s: %s; pod %s led before %s (term %d)", config.AfterHandoverKey, in.options, in.old.Name, in.state.Leader.Name, in.state.Term)
	switch {
	case reason != notify.ReasonAfterHandoverFailed:
		return fmt.Sprintf("%s: %s", about, text)
	case in.options.Evict:
		return fmt.Sprintf("%s and was not evicted, so connections may stay on it: %s", about, text)
	default:
		return fmt.Sprintf("%s and the call failed, so connections may stay on it: %s", about, text)
	}
}
