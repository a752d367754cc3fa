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
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/test/gen"
)

// leaderEvents returns the Events about changes of leader, the oldest first.
func (f *fixture) leaderEvents() []eventsv1.Event {
	f.t.Helper()
	var events eventsv1.EventList
	if err := f.otherClient.List(f.t.Context(), &events); err != nil {
		f.t.Fatal(err)
	}
	changes := slices.DeleteFunc(events.Items, func(e eventsv1.Event) bool { return e.Reason != notify.ReasonLeaderChanged })
	slices.SortFunc(changes, func(a, b eventsv1.Event) int { return a.EventTime.Compare(b.EventTime.Time) })
	return changes
}

func TestEveryChangeOfLeaderHasItsOwnEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newLeaseHolder(t)
		var terms []int64
		for i, preferred := range []string{"b2", "a1", "b2"} {
			terms = append(terms, time.Now().UnixMilli())
			if err := store.Fake(f.stores.Services).Update(gen.WebService(func(s *corev1.Service) {
				s.Annotations[config.PreferredLeaderKey], s.ResourceVersion = preferred, fmt.Sprint(21+i)
			})); err != nil {
				t.Fatal(err)
			}
			if _, err := f.reconcile(); err != nil {
				t.Fatal(err)
			}
			<-time.After(2 * notify.Deferral)
		}
		want := []string{
			fmt.Sprintf("b2 leads after a1: Preferred (term %d)", terms[0]), fmt.Sprintf("a1 leads after b2: Preferred (term %d)", terms[1]),
			fmt.Sprintf("b2 leads after a1: Preferred (term %d)", terms[2]),
		}
		var got []string
		for _, event := range f.leaderEvents() {
			got = append(got, event.Note)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Events (-want +got):\n%s", diff)
		}
	})
}

func TestTheEventOfAChangeOfLeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newLeaseHolder(t)
		committed := time.Now()
		f.deleteLeader()
		if _, err := f.reconcile(); err != nil {
			t.Fatal(err)
		}
		<-time.After(2 * notify.Deferral)
		all := f.leaderEvents()
		if len(all) != 1 {
			t.Fatalf("got %d Events, want one", len(all))
		}
		e := all[0]
		if !e.EventTime.Time.Equal(committed) {
			t.Errorf("committed at %s, the Event says %s", committed, e.EventTime)
		}
		if e.Namespace != "shop" || e.Regarding.Kind != "Service" || e.Regarding.Name != "web" || e.Regarding.UID != "web-uid" {
			t.Errorf("in namespace %s about %+v", e.Namespace, e.Regarding)
		}
		if e.Related == nil || e.Related.Name != "web-leader-ipv4" || e.Related.ResourceVersion != f.slice().ResourceVersion {
			t.Errorf("related: %+v", e.Related)
		}
		if e.Type != corev1.EventTypeNormal || e.Action != notify.ActionElect || e.ReportingController != "tanist" ||
			!strings.HasPrefix(e.ReportingInstance, "tanist-") {
			t.Errorf("got %+v", e)
		}
	})
}

func TestAHandoverIsFinishedAndReportedWhenTheReplicaStops(t *testing.T) {
	f := newLeaseHolder(t)
	ctx, stop := context.WithCancel(t.Context())
	f.answer = func() error {
		stop()
		return nil
	}
	f.deleteLeader()
	if _, err := f.Reconcile(ctx, reconcile.Request{NamespacedName: gen.ShopWeb}); err != nil {
		t.Fatal(err)
	}
	f.expectNewTerm("b2")
	f.events.Wait()
	if all := f.leaderEvents(); len(all) != 1 || !strings.HasPrefix(all[0].Note, "b2 leads after a1: LeaderDeleted (term ") {
		t.Errorf("Events: %+v", all)
	}
}
