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

// eventAbout returns an Event with a reason and a note.
func eventAbout(t *testing.T, about, related runtime.Object, reason, note string) *eventsv1.Event {
	t.Helper()
	event, err := NewEvent(about, related, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	event.Type, event.Reason, event.Note = corev1.EventTypeNormal, reason, note
	return event
}

// notes returns the notes of the Events with a reason that were created, the oldest first.
func (api *eventAPI) notes(t *testing.T, reason string) []string {
	t.Helper()
	var all eventsv1.EventList
	if err := api.List(t.Context(), &all); err != nil {
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

// remembered returns how many kinds have an entry.
func (l *eventLimits) remembered() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.kinds)
}

// accept accepts all Events.
func accept(int32) error { return nil }

// TestAFlappingLeaderMakesFewEvents also checks that they say how many were omitted.
func TestAFlappingLeaderMakesFewEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newEventAPI(accept)
		sender := NewEventSender(api, &QuietPeriod{})
		began := time.Now()
		const moves, every = 600, 1010 * time.Millisecond // so that no Event comes at the moment when another may be sent
		for n := range moves {
			sender.Send(t.Context(), eventAbout(t, gen.WebService(), nil, ReasonLeaderChanged, fmt.Sprint("move ", n)))
			<-time.After(every)
		}
		<-time.After(2 * eventInterval)
		synctest.Wait()
		notes := api.notes(t, ReasonLeaderChanged)
		most := eventBurst + moves/60 + 1
		if len(notes) > most || len(notes) < most-2 {
			t.Errorf("got %d Events, want about %d", len(notes), most)
		}
		for n, note := range notes[:eventBurst] {
			if want := fmt.Sprint("move ", n); note != want {
				t.Errorf("got %q, want %q", note, want)
			}
		}
		first := fmt.Sprintf("move %d (%d more LeaderChanged Events since %s UTC were omitted)", eventBurst+34, 34,
			began.Add(eventBurst*every).UTC().Format(time.TimeOnly))
		if diff := cmp.Diff(first, notes[eventBurst]); diff != "" {
			t.Errorf("unexpected note of the first Event after omitted ones (-want +got):\n%s", diff)
		}
		if last := notes[len(notes)-1]; !strings.HasPrefix(last, fmt.Sprint("move ", moves-1)) {
			t.Errorf("the last Event is %q", last)
		}
		total := 0
		for _, note := range notes[eventBurst:] {
			var move, omitted int
			if n, _ := fmt.Sscanf(note, "move %d (%d more", &move, &omitted); n == 2 {
				total += omitted
			}
		}
		if total+len(notes) != moves {
			t.Errorf("%d Events say that %d were omitted, and there were %d moves", len(notes), total, moves)
		}
		if got := testutil.ToFloat64(sender.limits.omitted); got != float64(total) {
			t.Errorf("%v are counted as omitted, want %d", got, total)
		}
	})
}

func TestEachKindOfEventHasALimit(t *testing.T) {
	pod := func(name string) *corev1.Pod { return gen.ReadyPod(name) }
	other := gen.WebService(func(s *corev1.Service) { s.Name, s.UID = "other", "other" })
	cases := map[string]struct {
		about, related runtime.Object
		reason         string
		wantWaits      bool
	}{
		"the same Service and reason":                {about: gen.WebService(), reason: ReasonLeaderChanged, wantWaits: true},
		"the same, related to something else":        {about: gen.WebService(), related: pod("b2"), reason: ReasonLeaderChanged, wantWaits: true},
		"the Service in another version":             {about: gen.WebService(func(s *corev1.Service) { s.ResourceVersion = "11" }), reason: ReasonLeaderChanged, wantWaits: true},
		"a Service that was re-created":              {about: gen.WebService(func(s *corev1.Service) { s.UID = "again" }), reason: ReasonLeaderChanged, wantWaits: true},
		"a pod of the Service":                       {about: pod("b2"), related: gen.WebService(), reason: ReasonLeaderChanged, wantWaits: true},
		"another reason":                             {about: gen.WebService(), reason: ReasonNoLeader},
		"another Service":                            {about: other, reason: ReasonLeaderChanged},
		"a Service of the name in another namespace": {about: gen.WebService(func(s *corev1.Service) { s.Namespace = "elsewhere" }), reason: ReasonLeaderChanged},
		"an object of another kind with its name":    {about: pod("web"), reason: ReasonLeaderChanged},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			limits := newEventLimits()
			for range eventBurst {
				if wait, admitted := limits.admit(eventAbout(t, gen.WebService(), nil, ReasonLeaderChanged, ""), gen.T0); wait > 0 || !admitted {
					t.Fatalf("wait %s, admitted %t, want none and true", wait, admitted)
				}
			}
			wait, admitted := limits.admit(eventAbout(t, test.about, test.related, test.reason, ""), gen.T0)
			if got := wait > 0; got != test.wantWaits || !admitted {
				t.Errorf("wait %s, admitted %t; want it to wait: %t", wait, admitted, test.wantWaits)
			}
		})
	}
}

// TestANamespaceHasNoMoreEventsWhenTheyComeInAnotherOrder: Events that are made at the same time wait for each other in any order.
func TestANamespaceHasNoMoreEventsWhenTheyComeInAnotherOrder(t *testing.T) {
	limits, atOnce := newEventLimits(), 0
	for i := range 3 * namespaceBurst {
		service := gen.WebService(func(s *corev1.Service) { s.Name = fmt.Sprint("web-", i) })
		now := gen.T0.Add(time.Duration(i%2) * time.Second)
		if wait, admitted := limits.admit(eventAbout(t, service, nil, ReasonLeaderChanged, ""), now); admitted && wait == 0 {
			atOnce++
		}
	}
	if most := namespaceBurst + int(time.Second/namespaceInterval); atOnce > most {
		t.Errorf("%d Events are sent at once, want at most %d", atOnce, most)
	}
}

func TestLimitsAreForgottenOnceTheyHaveRecovered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sender := NewEventSender(newEventAPI(accept), &QuietPeriod{})
		for n := range 20 {
			service := gen.WebService(func(s *corev1.Service) { s.Name = fmt.Sprint("web", n) })
			for range 1 + 2*n {
				sender.Send(t.Context(), eventAbout(t, service, nil, ReasonLeaderChanged, ""))
			}
		}
		if got := sender.limits.remembered(); got != 20 {
			t.Errorf("%d kinds are remembered, want 20", got)
		}
		<-time.After((eventBurst + 3) * eventInterval)
		synctest.Wait()
		sender.Wait()
		if got := sender.limits.remembered(); got != 0 {
			t.Errorf("%d kinds are remembered, want none", got)
		}
	})
}

func TestAReplicaThatStopsSendsTheEventsThatWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newEventAPI(accept)
		sender := NewEventSender(api, &QuietPeriod{})
		ctx, stop := context.WithCancel(t.Context())
		for n := range eventBurst + 10 {
			sender.Send(ctx, eventAbout(t, gen.WebService(), nil, ReasonLeaderChanged, fmt.Sprint("move ", n)))
		}
		stop()
		stopped := time.Now()
		sender.Wait()
		if took := time.Since(stopped); took > 0 {
			t.Errorf("stopping took %s", took)
		}
		notes := api.notes(t, ReasonLeaderChanged)
		if len(notes) != eventBurst+1 || !slices.ContainsFunc(notes, func(note string) bool {
			return strings.HasPrefix(note, fmt.Sprintf("move %d (9 more LeaderChanged Events since ", eventBurst+9))
		}) {
			t.Errorf("got notes %q, want the burst and one about 9 omitted Events", notes)
		}
	})
}

func TestANoteAboutOmittedEventsFits(t *testing.T) {
	limits := newEventLimits()
	event := eventAbout(t, gen.WebService(), nil, ReasonLeaderChanged, strings.Repeat("ä", maxNote/2))
	for range eventBurst + 3 {
		limits.admit(event, gen.T0)
	}
	if note := limits.take(event).Note; len(note) > maxNote || !strings.HasSuffix(note, " were omitted)") {
		t.Errorf("got %d bytes that end with %q", len(note), note[len(note)-20:])
	}
}

func TestNoTwoEventsHaveTheSameName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newEventAPI(accept)
		recorder := NewEventSender(api, &QuietPeriod{}).Recorder(t.Context())
		for n := range 3 { // at the same time, with different notes only
			recorder.Eventf(gen.WebService(), nil, corev1.EventTypeWarning, ReasonInvalidAnnotation, ActionRead, "mistake %d", n)
		}
		<-time.After(2 * Deferral)
		synctest.Wait()
		if diff := cmp.Diff([]string{"mistake 0", "mistake 1", "mistake 2"}, slices.Sorted(slices.Values(api.notes(t, ReasonInvalidAnnotation)))); diff != "" {
			t.Errorf("unexpected Events (-want +got):\n%s", diff)
		}
	})
}

func TestTheRecorderTakesAnyObject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newEventAPI(accept)
		recorder := NewEventSender(api, &QuietPeriod{}).Recorder(t.Context())
		recorder.Eventf(gen.ReadyPod("a1"), gen.WebService(), corev1.EventTypeWarning, ReasonInvalidAnnotation, ActionRead, "%s", "100 % wrong")
		<-time.After(2 * Deferral)
		synctest.Wait()
		var all eventsv1.EventList
		if err := api.List(t.Context(), &all); err != nil || len(all.Items) != 1 {
			t.Fatalf("got %+v, %v", all.Items, err)
		}
		got := all.Items[0]
		type parts struct{ Namespace, Kind, Name, Related, Type, Action, Note, Controller string }
		want := parts{"shop", "Pod", "a1", "web", corev1.EventTypeWarning, ActionRead, "100 % wrong", "tanist"}
		if diff := cmp.Diff(want, parts{
			got.Namespace, got.Regarding.Kind, got.Regarding.Name, got.Related.Name, got.Type, got.Action, got.Note, got.ReportingController,
		}); diff != "" {
			t.Errorf("unexpected Event (-want +got):\n%s", diff)
		}
		if got.EventTime == (metav1.MicroTime{}) {
			t.Error("the Event has no time")
		}
	})
}
