package failover

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/test/gen"
)

// told are the Events of changes of leader that there are, the oldest first.
func (st *stage) told() []eventsv1.Event {
	st.t.Helper()
	var events eventsv1.EventList
	if err := st.elsewhere.List(st.t.Context(), &events); err != nil {
		st.t.Fatal(err)
	}
	told := slices.DeleteFunc(events.Items, func(e eventsv1.Event) bool { return e.Reason != notify.ReasonLeaderChanged })
	slices.SortFunc(told, func(a, b eventsv1.Event) int { return a.EventTime.Compare(b.EventTime.Time) })
	return told
}

func TestAPodThatLeadsAgainHasAnEventOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := elected(t)
		var terms []int64
		for i, preferred := range []string{"b2", "a1", "b2"} {
			terms = append(terms, time.Now().UnixMilli())
			if err := st.stores.Services.Update(gen.WebService(func(s *corev1.Service) {
				s.Annotations[config.PreferredLeaderKey], s.ResourceVersion = preferred, fmt.Sprint(21+i)
			})); err != nil {
				t.Fatal(err)
			}
			if _, err := st.reconcile(); err != nil {
				t.Fatal(err)
			}
			<-time.After(2 * notify.Deferral)
		}
		want := []string{
			fmt.Sprintf("b2 leads after a1: Preferred (term %d)", terms[0]), fmt.Sprintf("a1 leads after b2: Preferred (term %d)", terms[1]),
			fmt.Sprintf("b2 leads after a1: Preferred (term %d)", terms[2]),
		}
		var got []string
		for _, event := range st.told() {
			got = append(got, event.Note)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Events (-want +got):\n%s", diff)
		}
	})
}

func TestAnEventSaysWhatItIsAbout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := elected(t)
		committed := time.Now()
		st.lose()
		if _, err := st.reconcile(); err != nil {
			t.Fatal(err)
		}
		<-time.After(2 * notify.Deferral)
		told := st.told()
		if len(told) != 1 {
			t.Fatalf("got %d Events, want one", len(told))
		}
		e := told[0]
		if !e.EventTime.Time.Equal(committed) {
			t.Errorf("it happened at %s, the Event says %s", committed, e.EventTime)
		}
		if e.Namespace != "shop" || e.Regarding.Kind != "Service" || e.Regarding.Name != "web" || e.Regarding.UID != "web-uid" {
			t.Errorf("in namespace %s about %+v", e.Namespace, e.Regarding)
		}
		if e.Related == nil || e.Related.Name != "web-leader-ipv4" || e.Related.ResourceVersion != st.slice().ResourceVersion {
			t.Errorf("related: %+v", e.Related)
		}
		if e.Type != corev1.EventTypeNormal || e.Action != notify.ActionElect || e.ReportingController != "tanist" ||
			!strings.HasPrefix(e.ReportingInstance, "tanist-") {
			t.Errorf("got %+v", e)
		}
	})
}

func TestAHandOverUnderWayWhenAReplicaStopsIsFinishedAndToldOf(t *testing.T) {
	st := elected(t)
	ctx, stop := context.WithCancel(t.Context())
	st.answer = func() error {
		stop()
		return nil
	}
	st.lose()
	if _, err := st.Reconcile(ctx, reconcile.Request{NamespacedName: gen.ShopWeb}); err != nil {
		t.Fatal(err)
	}
	st.expectNew("b2")
	st.events.Wait()
	if told := st.told(); len(told) != 1 || !strings.HasPrefix(told[0].Note, "b2 leads after a1: LeaderDeleted (term ") {
		t.Errorf("Events: %+v", told)
	}
}

// The leader of the one family is reached by its Service's name.
func TestNobodyIsToldToRenameALeaderServiceThatWorks(t *testing.T) {
	s := dual(leading("a1", 5), gen.ReadyPod("a1"))
	for name, want := range map[string]bool{"web-leader-ipv4": true, "web-leader-ipv6": false} {
		all := warnings(s, plan{taken: []string{name}})
		if len(all) == 0 || all[0].Reason != notify.ReasonSliceTaken {
			t.Fatalf("got %+v", all)
		}
		if got := strings.Contains(all[0].Note, config.LeaderServiceKey); got != want || !strings.Contains(all[0].Note, name) {
			t.Errorf("%s: got %q", name, all[0].Note)
		}
	}
}
