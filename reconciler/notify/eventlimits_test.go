package notify

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

	"github.com/tanist-dev/tanist/test/gen"
)

// eventAbout is an Event with a reason and a note.
func eventAbout(t *testing.T, about, related runtime.Object, reason, note string) *eventsv1.Event {
	t.Helper()
	event, err := NewEvent(about, related, time.Now())
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
		sender := NewEventSender(m, &QuietPeriod{})
		began := time.Now()
		const moves, every = 600, 1010 * time.Millisecond // so that none comes at the moment when another may go
		for n := range moves {
			sender.Send(t.Context(), eventAbout(t, gen.WebService(), nil, ReasonLeaderChanged, fmt.Sprint("move ", n)))
			<-time.After(every)
		}
		<-time.After(2 * eventInterval)
		synctest.Wait()
		notes := m.notes(t, ReasonLeaderChanged)
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
	pod := func(name string) *corev1.Pod { return gen.ReadyPod(name) }
	other := gen.WebService(func(s *corev1.Service) { s.Name, s.UID = "other", "other" })
	cases := map[string]struct {
		about, related runtime.Object
		reason         string
		wantWaits      bool
	}{
		"the same Service and reason":             {about: gen.WebService(), reason: ReasonLeaderChanged, wantWaits: true},
		"the same, related to something else":     {about: gen.WebService(), related: pod("b2"), reason: ReasonLeaderChanged, wantWaits: true},
		"the Service in another version":          {about: gen.WebService(func(s *corev1.Service) { s.ResourceVersion = "11" }), reason: ReasonLeaderChanged, wantWaits: true},
		"a Service that was made anew":            {about: gen.WebService(func(s *corev1.Service) { s.UID = "again" }), reason: ReasonLeaderChanged, wantWaits: true},
		"a pod of the Service":                    {about: pod("b2"), related: gen.WebService(), reason: ReasonLeaderChanged, wantWaits: true},
		"another reason":                          {about: gen.WebService(), reason: ReasonNoLeader},
		"another Service":                         {about: other, reason: ReasonLeaderChanged},
		"a Service of the name somewhere else":    {about: gen.WebService(func(s *corev1.Service) { s.Namespace = "elsewhere" }), reason: ReasonLeaderChanged},
		"an object of another kind with its name": {about: pod("web"), reason: ReasonLeaderChanged},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			limits := newEventLimits()
			for range eventBurst {
				if wait, admitted := limits.admit(eventAbout(t, gen.WebService(), nil, ReasonLeaderChanged, ""), gen.T0); wait > 0 || !admitted {
					t.Fatalf("got %s and %t", wait, admitted)
				}
			}
			wait, admitted := limits.admit(eventAbout(t, test.about, test.related, test.reason, ""), gen.T0)
			if got := wait > 0; got != test.wantWaits || !admitted {
				t.Errorf("it waits %s and is admitted: %t, want waits %t", wait, admitted, test.wantWaits)
			}
		})
	}
}

// TestTheLimitsOfServicesThatAreGoneAreForgotten, whatever they had to tell of.
func TestTheLimitsOfServicesThatAreGoneAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sender := NewEventSender(newMailbox(delivered), &QuietPeriod{})
		for n := range 20 {
			service := gen.WebService(func(s *corev1.Service) { s.Name = fmt.Sprint("web", n) })
			for range 1 + 2*n {
				sender.Send(t.Context(), eventAbout(t, service, nil, ReasonLeaderChanged, ""))
			}
		}
		if got := sender.limits.remembered(); got != 20 {
			t.Errorf("%d are remembered, want 20", got)
		}
		<-time.After((eventBurst + 3) * eventInterval)
		synctest.Wait()
		sender.Sending.Wait()
		if got := sender.limits.remembered(); got != 0 {
			t.Errorf("%d are remembered", got)
		}
	})
}

func TestAReplicaThatStopsSendsWhatWasHeldBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(delivered)
		sender := NewEventSender(m, &QuietPeriod{})
		ctx, stop := context.WithCancel(t.Context())
		for n := range eventBurst + 10 {
			sender.Send(ctx, eventAbout(t, gen.WebService(), nil, ReasonLeaderChanged, fmt.Sprint("move ", n)))
		}
		stop()
		stopped := time.Now()
		sender.Sending.Wait()
		if took := time.Since(stopped); took > 0 {
			t.Errorf("it took %s", took)
		}
		notes := m.notes(t, ReasonLeaderChanged)
		if len(notes) != eventBurst+1 || !slices.ContainsFunc(notes, func(note string) bool {
			return strings.HasPrefix(note, fmt.Sprintf("move %d (9 more LeaderChanged since ", eventBurst+9))
		}) {
			t.Errorf("got %q", notes)
		}
	})
}

func TestANoteThatTellsOfOthersFits(t *testing.T) {
	limits := newEventLimits()
	event := eventAbout(t, gen.WebService(), nil, ReasonLeaderChanged, strings.Repeat("ä", maxNote/2))
	for range eventBurst + 3 {
		limits.admit(event, gen.T0)
	}
	if note := limits.take(event).Note; len(note) > maxNote || !strings.HasSuffix(note, " were left out)") {
		t.Errorf("it has %d bytes and ends with %q", len(note), note[len(note)-20:])
	}
}

// TestNoTwoEventsHaveOneName: the API would take the second for the first, sent again.
func TestNoTwoEventsHaveOneName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(delivered)
		recorder := NewEventSender(m, &QuietPeriod{}).Recorder(t.Context())
		for n := range 3 { // at the same time, and they differ in their notes alone
			recorder.Eventf(gen.WebService(), nil, corev1.EventTypeWarning, ReasonInvalidAnnotation, ActionRead, "mistake %d", n)
		}
		<-time.After(2 * Deferral)
		synctest.Wait()
		if diff := cmp.Diff([]string{"mistake 0", "mistake 1", "mistake 2"}, slices.Sorted(slices.Values(m.notes(t, ReasonInvalidAnnotation)))); diff != "" {
			t.Errorf("unexpected Events (-want +got):\n%s", diff)
		}
	})
}

func TestARecorderTellsOfAnyObject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(delivered)
		recorder := NewEventSender(m, &QuietPeriod{}).Recorder(t.Context())
		recorder.Eventf(gen.ReadyPod("a1"), gen.WebService(), corev1.EventTypeWarning, ReasonInvalidAnnotation, ActionRead, "%s", "100 % wrong")
		<-time.After(2 * Deferral)
		synctest.Wait()
		var all eventsv1.EventList
		if err := m.List(t.Context(), &all); err != nil || len(all.Items) != 1 {
			t.Fatalf("got %+v, %v", all.Items, err)
		}
		got := all.Items[0]
		type essence struct{ Namespace, Kind, Name, Related, Type, Action, Note, Controller string }
		want := essence{"shop", "Pod", "a1", "web", corev1.EventTypeWarning, ActionRead, "100 % wrong", "tanist"}
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
