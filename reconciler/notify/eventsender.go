package notify

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
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
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/retry"
)

// reportingController is the reporting controller of our Events.
const reportingController = config.ManagedBy

// eventPolicy is how often to try to send an Event. It is enough to wait for an API server that restarts, because no work queue tries
// again afterwards.
var eventPolicy = retry.Policy{
	Name: "event", MaxAttempts: 40, InitialDelay: 100 * time.Millisecond, MaxDelay: 2 * time.Second, Timeout: retry.AdmissionTimeout,
}

// maxConcurrentEvents is how many Events one sender sends at a time. A replica that begins to hold the Lease has a warning about each of
// many Services at once. Sent all together, they would keep the API server from answering even its Lease. Namespaces take turns, and none has
// more than maxConcurrentOfNamespace (see eventSlots).
const (
	maxConcurrentEvents      = 8
	maxConcurrentOfNamespace = 4
)

// sendTimeout is how much time the attempts to send one Event may take together. A webhook of the cluster that hangs makes each of them last.
const sendTimeout = 90 * time.Second

// flushTimeout is how long a replica that stops goes on trying to send its last Events.
const flushTimeout = 5 * time.Second

// opCreateEvent is the operation's name in the retry metrics.
const opCreateEvent = "create-event"

// EventSender sends Events. It exists because a recorder of client-go does not suit the Events of commits:
//
//   - Only the replica that made a commit can report it. What a recorder has not sent when the program ends is lost, and there is no way
//     to wait for it.
//   - A recorder takes Events that differ only in their notes for the same Event.
//   - A recorder has no limit for Events that differ only in the version of a pod.
type EventSender struct {
	client   client.Writer
	quiet    *QuietPeriod
	limits   *eventLimits
	instance string
	// slots lets maxConcurrentEvents be sent at a time.
	slots   *eventSlots
	sending sync.WaitGroup
}

// NewEventSender returns a sender that defers Events until the quiet period.
func NewEventSender(writer client.Writer, quiet *QuietPeriod) *EventSender {
	hostname, _ := os.Hostname() // without one, client-go's recorders leave it empty, too
	retry.InitMetrics(eventPolicy.Name, opCreateEvent)
	return newEventSender(writer, quiet, newEventLimits(), reportingController+"-"+hostname)
}

func newEventSender(writer client.Writer, quiet *QuietPeriod, limits *eventLimits, instance string) *EventSender {
	return &EventSender{
		client: writer, quiet: quiet, limits: limits, instance: instance, slots: newEventSlots(maxConcurrentEvents, maxConcurrentOfNamespace),
	}
}

// Metrics returns the collector of the sender's metrics.
func (s *EventSender) Metrics() prometheus.Collector { return s.limits.omitted }

// Wait returns when all Events are sent, or given up.
func (s *EventSender) Wait() { s.sending.Wait() }

// Send sends an Event in the background: when the limits admit it and no hand-over would be delayed by it, or at once when the context
// ends.
func (s *EventSender) Send(ctx context.Context, event *eventsv1.Event) {
	now := time.Now()
	event.Name = util.GenerateEventName(event.Regarding.Name, s.limits.number(now))
	event.Note = FitNote(event.Note)
	event.ReportingController, event.ReportingInstance = reportingController, s.instance
	wait, admitted := s.limits.admit(event, now)
	if !admitted {
		return
	}
	s.sending.Add(1)
	after(ctx, wait, func() {
		defer s.sending.Done()
		if wait > 0 {
			event = s.limits.take(event)
		}
		s.quiet.Wait(ctx, event.Namespace)
		s.create(ctx, event)
	})
}

// create creates an Event, and goes on trying for a while after the context has ended. Each attempt takes a slot: an Event that cannot be sent must not
// hold up others while it waits to be tried again.
func (s *EventSender) create(ctx context.Context, event *eventsv1.Event) {
	flushing, cancel := outlasting(ctx, flushTimeout)
	defer cancel()
	trying, giveUp := context.WithCancel(flushing)
	defer giveUp()
	var spent time.Duration
	err := retry.Do(trying, eventPolicy, opCreateEvent, func(context.Context) error {
		if !s.slots.acquire(trying, event.Namespace) { // however long that takes: it is no part of the attempt
			return trying.Err()
		}
		defer s.slots.release(event.Namespace)
		ctx, cancel := context.WithTimeout(trying, eventPolicy.Timeout)
		defer cancel()
		began := time.Now()
		err := s.client.Create(ctx, event.DeepCopy())
		if apierrors.IsAlreadyExists(err) { // the answer to an earlier attempt was lost
			return nil
		}
		if spent += time.Since(began); err != nil && spent >= sendTimeout {
			giveUp()
		}
		return err
	})
	if err != nil && !apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		logf.FromContext(ctx).Error(err, "Failed to send Event", "regarding", klog.KRef(event.Namespace, event.Regarding.Name),
			"reason", event.Reason, "note", event.Note)
	}
}

// NewEvent returns an Event about an object, as a recorder would make it: about one in no namespace, it is in the namespace default. The time is when
// it happened, which may be before it is sent.
func NewEvent(about, related runtime.Object, now time.Time) (*eventsv1.Event, error) {
	regarding, err := reference.GetReference(scheme.Scheme, about)
	if err != nil {
		return nil, fmt.Errorf("failed to refer to Event's object: %w", err)
	}
	event := &eventsv1.Event{
		ObjectMeta: metav1.ObjectMeta{Namespace: cmp.Or(regarding.Namespace, metav1.NamespaceDefault)},
		EventTime:  metav1.NewMicroTime(now), Regarding: *regarding, Action: ActionElect,
	}
	if related != nil {
		if event.Related, err = reference.GetReference(scheme.Scheme, related); err != nil {
			return nil, fmt.Errorf("failed to refer to Event's related object: %w", err)
		}
	}
	return event, nil
}

// outlasting returns a context that ends some time after another one.
func outlasting(ctx context.Context, by time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(by, cancel) })
	return longer, func() {
		stop()
		cancel()
	}
}
