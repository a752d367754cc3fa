package reconciler

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/events"

	"github.com/tanist-dev/tanist/config"
)

// notes is a sink that keeps the notes of the Events that are created. What only counts an earlier Event is lost.
type notes struct {
	mu  sync.Mutex
	all []string
}

func (n *notes) Create(_ context.Context, event *eventsv1.Event) (*eventsv1.Event, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, event.Note)
	return event, nil
}

func (n *notes) Update(_ context.Context, event *eventsv1.Event) (*eventsv1.Event, error) {
	return event, nil
}

func (n *notes) Patch(_ context.Context, event *eventsv1.Event, _ []byte) (*eventsv1.Event, error) {
	return event, nil
}

func TestAPodThatLeadsAgainHasAnEventOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &notes{}
		broadcaster := events.NewBroadcaster(sink)
		ctx, cancel := context.WithCancel(t.Context())
		if err := broadcaster.StartRecordingToSinkWithContext(ctx); err != nil {
			t.Fatal(err)
		}
		st := elected(t)
		st.recorder = broadcaster.NewRecorder(scheme.Scheme, "tanist")
		for _, preferred := range []string{"b2", "a1", "b2"} {
			if err := st.views.services.Update(webService(func(s *corev1.Service) {
				s.Annotations[config.PreferredLeaderKey] = preferred
			})); err != nil {
				t.Fatal(err)
			}
			if _, err := st.reconcile(); err != nil {
				t.Fatal(err)
			}
			<-time.After(2 * afterwards)
		}
		broadcaster.Shutdown()
		cancel()
		synctest.Wait()
		want := []string{
			"b2 leads after a1: Preferred (term 6)", "a1 leads after b2: Preferred (term 7)", "b2 leads after a1: Preferred (term 8)",
		}
		var got []string
		for _, note := range sink.all {
			if strings.Contains(note, " leads after ") {
				got = append(got, note)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Events (-want +got):\n%s", diff)
		}
	})
}
