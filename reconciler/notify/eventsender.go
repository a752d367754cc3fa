package notify

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/record/util"
	"k8s.io/client-go/tools/reference"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/retry"
)

// eventAttempts is how often an Event is tried to be sent: no work queue comes back to it. An API server that restarts is waited
// for.
var eventAttempts = retry.Policy{
	Name: "event", MaxAttempts: 40, InitialDelay: 100 * time.Millisecond, MaxDelay: 2 * time.Second,
}

// opCreateEvent is the operation's name in the retry metrics.
const opCreateEvent = "create-event"

// flushTimeout is how long a replica that stops goes on trying.
const flushTimeout = 5 * time.Second

// EventSender sends Events. A recorder of client-go is of no use for those of commits, each of which only the replica that made it can
// tell of: what it has not sent when the program ends is lost, and there is no way to wait for it. It also takes Events that differ in
// nothing but their notes for one, and has no limit for those that differ in the version of a pod.
type EventSender struct {
	client   client.Writer
	quiet    *QuietPeriod
	limits   *eventLimits
	instance string
	Sending  sync.WaitGroup
}

func NewEventSender(w client.Writer, c *QuietPeriod) *EventSender {
	hostname, _ := os.Hostname() // as the recorders have it, which do without when there is none
	retry.InitMetrics(eventAttempts.Name, opCreateEvent)
	return &EventSender{client: w, quiet: c, limits: newEventLimits(), instance: recorderName + "-" + hostname}
}

// Metrics returns what the sender counts.
func (e *EventSender) Metrics() prometheus.Collector { return e.limits.omitted }

// Send sends an Event when its Service has not had too many and no hand-over is held up by that any more, and at once when the context
// ends.
func (e *EventSender) Send(ctx context.Context, event *eventsv1.Event) {
	now := time.Now()
	event.Name = util.GenerateEventName(event.Regarding.Name, e.limits.number(now))
	event.Note = FitNote(event.Note)
	event.ReportingController, event.ReportingInstance = recorderName, e.instance
	wait, admitted := e.limits.admit(event, now)
	if !admitted {
		return
	}
	e.Sending.Go(func() {
		if wait > 0 {
			select {
			case <-time.After(wait):
			case <-ctx.Done():
			}
			event = e.limits.take(event)
		}
		e.quiet.Wait(ctx)
		sending, cancel := outlasting(ctx, flushTimeout)
		defer cancel()
		err := retry.Do(sending, eventAttempts, opCreateEvent, func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, retry.AttemptTimeout)
			defer cancel()
			err := e.client.Create(ctx, event.DeepCopy())
			if apierrors.IsAlreadyExists(err) { // an attempt before was answered to nobody
				return nil
			}
			return err
		})
		if err != nil && !apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
			logf.FromContext(ctx).Error(err, "Failed to send Event", "regarding", klog.KRef(event.Namespace, event.Regarding.Name),
				"reason", event.Reason, "note", event.Note)
		}
	})
}

// outlasting is a context that ends some time after another one.
func outlasting(ctx context.Context, by time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(by, cancel) })
	return longer, func() {
		stop()
		cancel()
	}
}

// NewEvent is an Event about an object as a recorder would make it. The time is that of what it tells of, not of its arrival.
func NewEvent(about, related runtime.Object, now time.Time) (*eventsv1.Event, error) {
	regarding, err := reference.GetReference(scheme.Scheme, about)
	if err != nil {
		return nil, fmt.Errorf("failed to refer to what an Event is about: %w", err)
	}
	event := &eventsv1.Event{
		ObjectMeta: metav1.ObjectMeta{Namespace: regarding.Namespace},
		EventTime:  metav1.NewMicroTime(now), Regarding: *regarding, Action: ActionElect,
	}
	if related != nil {
		if event.Related, err = reference.GetReference(scheme.Scheme, related); err != nil {
			return nil, fmt.Errorf("failed to refer to what an Event is related to: %w", err)
		}
	}
	return event, nil
}

// Flushed is a controller of every replica that has ended only when its last Events are sent.
type Flushed struct {
	controller.Controller
	Sender *EventSender
}

// NeedLeaderElection implements manager.LeaderElectionRunnable.
func (Flushed) NeedLeaderElection() bool { return false }

// Start implements manager.Runnable.
func (f Flushed) Start(ctx context.Context) error {
	err := f.Controller.Start(ctx)
	f.Sender.Sending.Wait()
	return err
}

// recorderName is the reporting controller of our Events.
const recorderName = config.ManagedBy
