package reconciler

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// eventAbout is an Event with a reason and a note.
func eventAbout(t *testing.T, about, related runtime.Object, reason, note string) *eventsv1.Event {
	t.Helper()
	event, err := newEvent(about, related, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	event.Type, event.Reason, event.Note = corev1.EventTypeNormal, reason, note
	return event
}

// notes are those of the Events with a reason that have arrived, the oldest first.
func (m *mailbox) notes(t *testing.T, reason string) []string {
	t.Helper()
	var all eventsv1.EventList
	if err := m.List(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	found := slices.DeleteFunc(all.Items, func(e eventsv1.Event) bool { return e.Reason != reason })
	slices.SortFunc(found, func(a, b eventsv1.Event) int { return a.EventTime.Compare(b.EventTime.Time) })
	var notes []string
	for _, event := range found {
		notes = append(notes, event.Note)
	}
	return notes
}

// remembered counts the kinds that have an entry.
func (l *eventLimits) remembered() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.kinds)
}

// delivered takes all Events.
func delivered(int32) error { return nil }

// TestAServiceThatFlapsHasFewEvents, and they say how many there are not.
func TestAServiceThatFlapsHasFewEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(delivered)
		sender := newEventSender(m, &calm{})
		began := time.Now()
		const moves, every = 600, 1010 * time.Millisecond // so that none comes at the moment when another may go
		for n := range moves {
			sender.send(t.Context(), eventAbout(t, webService(), nil, reasonLeaderChanged, fmt.Sprint("move ", n)))
			<-time.After(every)
		}
		<-time.After(2 * eventInterval)
		synctest.Wait()
		notes := m.notes(t, reasonLeaderChanged)
		most := eventBurst + moves/60 + 1
		if len(notes) > most || len(notes) < most-2 {
			t.Errorf("got %d Events, want about %d", len(notes), most)
		}
		for n, note := range notes[:eventBurst] {
			if want := fmt.Sprint("move ", n); note != want {
				t.Errorf("got %q, want %q", note, want)
			}
		}
		first := fmt.Sprintf("move %d (%d more LeaderChanged since %s were left out)", eventBurst+34, 34,
			began.Add(eventBurst*every).UTC().Format(time.TimeOnly))
		if diff := cmp.Diff(first, notes[eventBurst]); diff != "" {
			t.Errorf("the first that tells of others (-want +got):\n%s", diff)
		}
		if last := notes[len(notes)-1]; !strings.HasPrefix(last, fmt.Sprint("move ", moves-1)) {
			t.Errorf("the last one is %q", last)
		}
		left := 0
		for _, note := range notes[eventBurst:] {
			var move, omitted int
			if n, _ := fmt.Sscanf(note, "move %d (%d more", &move, &omitted); n == 2 {
				left += omitted
			}
		}
		if left+len(notes) != moves {
			t.Errorf("%d Events tell of %d others, and there were %d moves", len(notes), left, moves)
		}
		if got := testutil.ToFloat64(sender.limits.omitted); got != float64(left) {
			t.Errorf("%v are counted, want %d", got, left)
		}
	})
}

func TestWhatFlapsLeavesNothingElseOut(t *testing.T) {
	pod := func(name string) *corev1.Pod { return readyPod(name) }
	other := webService(func(s *corev1.Service) { s.Name, s.UID = "other", "other" })
	cases := map[string]struct {
		about, related runtime.Object
		reason         string
		wantWaits      bool
	}{
		"the same Service and reason":             {about: webService(), reason: reasonLeaderChanged, wantWaits: true},
		"the same, related to something else":     {about: webService(), related: pod("b2"), reason: reasonLeaderChanged, wantWaits: true},
		"the Service in another version":          {about: webService(func(s *corev1.Service) { s.ResourceVersion = "11" }), reason: reasonLeaderChanged, wantWaits: true},
		"a Service that was made anew":            {about: webService(func(s *corev1.Service) { s.UID = "again" }), reason: reasonLeaderChanged, wantWaits: true},
		"a pod of the Service":                    {about: pod("b2"), related: webService(), reason: reasonLeaderChanged, wantWaits: true},
		"another reason":                          {about: webService(), reason: reasonNoLeader},
		"another Service":                         {about: other, reason: reasonLeaderChanged},
		"a Service of the name somewhere else":    {about: webService(func(s *corev1.Service) { s.Namespace = "elsewhere" }), reason: reasonLeaderChanged},
		"an object of another kind with its name": {about: pod("web"), reason: reasonLeaderChanged},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			limits := newEventLimits()
			for range eventBurst {
				if wait, admitted := limits.admit(eventAbout(t, webService(), nil, reasonLeaderChanged, ""), t0); wait > 0 || !admitted {
					t.Fatalf("got %s and %t", wait, admitted)
				}
			}
			wait, admitted := limits.admit(eventAbout(t, test.about, test.related, test.reason, ""), t0)
			if got := wait > 0; got != test.wantWaits || !admitted {
				t.Errorf("it waits %s and is admitted: %t, want waits %t", wait, admitted, test.wantWaits)
			}
		})
	}
}

// TestTheLimitsOfServicesThatAreGoneAreForgotten, whatever they had to tell of.
func TestTheLimitsOfServicesThatAreGoneAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sender := newEventSender(newMailbox(delivered), &calm{})
		for n := range 20 {
			service := webService(func(s *corev1.Service) { s.Name = fmt.Sprint("web", n) })
			for range 1 + 2*n {
				sender.send(t.Context(), eventAbout(t, service, nil, reasonLeaderChanged, ""))
			}
		}
		if got := sender.limits.remembered(); got != 20 {
			t.Errorf("%d are remembered, want 20", got)
		}
		<-time.After((eventBurst + 3) * eventInterval)
		synctest.Wait()
		sender.sending.Wait()
		if got := sender.limits.remembered(); got != 0 {
			t.Errorf("%d are remembered", got)
		}
	})
}

func TestAReplicaThatStopsSendsWhatWasHeldBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(delivered)
		sender := newEventSender(m, &calm{})
		ctx, stop := context.WithCancel(t.Context())
		for n := range eventBurst + 10 {
			sender.send(ctx, eventAbout(t, webService(), nil, reasonLeaderChanged, fmt.Sprint("move ", n)))
		}
		stop()
		stopped := time.Now()
		sender.sending.Wait()
		if took := time.Since(stopped); took > 0 {
			t.Errorf("it took %s", took)
		}
		notes := m.notes(t, reasonLeaderChanged)
		if len(notes) != eventBurst+1 || !slices.ContainsFunc(notes, func(note string) bool {
			return strings.HasPrefix(note, fmt.Sprintf("move %d (9 more LeaderChanged since ", eventBurst+9))
		}) {
			t.Errorf("got %q", notes)
		}
	})
}

func TestANoteThatTellsOfOthersFits(t *testing.T) {
	limits := newEventLimits()
	event := eventAbout(t, webService(), nil, reasonLeaderChanged, strings.Repeat("ä", maxNote/2))
	for range eventBurst + 3 {
		limits.admit(event, t0)
	}
	if note := limits.take(event).Note; len(note) > maxNote || !strings.HasSuffix(note, " were left out)") {
		t.Errorf("it has %d bytes and ends with %q", len(note), note[len(note)-20:])
	}
}

// TestNoTwoEventsHaveOneName: the API would take the second for the first, sent again.
func TestNoTwoEventsHaveOneName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(delivered)
		recorder := newEventSender(m, &calm{}).recorder(t.Context())
		for n := range 3 { // at the same time, and they differ in their notes alone
			recorder.Eventf(webService(), nil, corev1.EventTypeWarning, reasonInvalidAnnotation, actionRead, "mistake %d", n)
		}
		<-time.After(2 * afterwards)
		synctest.Wait()
		if diff := cmp.Diff([]string{"mistake 0", "mistake 1", "mistake 2"}, slices.Sorted(slices.Values(m.notes(t, reasonInvalidAnnotation)))); diff != "" {
			t.Errorf("unexpected Events (-want +got):\n%s", diff)
		}
	})
}

func TestARecorderTellsOfAnyObject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(delivered)
		recorder := newEventSender(m, &calm{}).recorder(t.Context())
		recorder.Eventf(readyPod("a1"), webService(), corev1.EventTypeWarning, reasonInvalidAnnotation, actionRead, "%s", "100 % wrong")
		<-time.After(2 * afterwards)
		synctest.Wait()
		var all eventsv1.EventList
		if err := m.List(t.Context(), &all); err != nil || len(all.Items) != 1 {
			t.Fatalf("got %+v, %v", all.Items, err)
		}
		got := all.Items[0]
		type essence struct{ Namespace, Kind, Name, Related, Type, Action, Note, Controller string }
		want := essence{"shop", "Pod", "a1", "web", corev1.EventTypeWarning, actionRead, "100 % wrong", "tanist"}
		if diff := cmp.Diff(want, essence{
			got.Namespace, got.Regarding.Kind, got.Regarding.Name, got.Related.Name, got.Type, got.Action, got.Note, got.ReportingController,
		}); diff != "" {
			t.Errorf("unexpected Event (-want +got):\n%s", diff)
		}
		if got.EventTime == (metav1.MicroTime{}) {
			t.Error("it has no time")
		}
	})
}
