package cache

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"k8s.io/apimachinery/pkg/types"
)

func podName(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: "shop", Name: name}
}

// prepared is a hand-over to b that expires at a time.
func prepared(leaving types.UID, until time.Time) Prepared {
	return Prepared{Leaving: leaving, Successor: "uid-b", Expires: until}
}

func answer(outcome Outcome) func(Record, *Prepared) Outcome {
	return func(Record, *Prepared) Outcome { return outcome }
}

func TestLedBy(t *testing.T) {
	api := types.NamespacedName{Namespace: "shop", Name: "api"}
	cases := map[string]struct {
		feed func(*Leaders)
		pod  string
		want []types.NamespacedName
	}{
		"the leader":                                {feed: func(*Leaders) {}, pod: "a", want: []types.NamespacedName{web}},
		"a pod that leads no Service":               {feed: func(*Leaders) {}, pod: "b"},
		"a new leader":                              {feed: func(l *Leaders) { l.SetState(web, leads("b", 6), 6) }, pod: "b", want: []types.NamespacedName{web}},
		"the previous leader":                       {feed: func(l *Leaders) { l.SetState(web, leads("b", 6), 6) }, pod: "a"},
		"the previous leader, and nobody leads now": {feed: func(l *Leaders) { l.SetState(web, leads("", 6), 6) }, pod: "a"},
		"the leader of a Service that is gone":      {feed: func(l *Leaders) { l.Forget(web, ServiceGone) }, pod: "a"},
		"a pod of another namespace":                {feed: func(*Leaders) {}, pod: "../a"},
		"the leader of a Service whose slice is gone": {
			feed: func(l *Leaders) { l.ObserveDeletion(web, ipv4, "slice", "1001", at(1)) }, pod: "a", want: []types.NamespacedName{web},
		},
		"the leader of a Service that is gone after its slice": {
			feed: func(l *Leaders) { l.ObserveDeletion(web, ipv4, "slice", "1001", at(1)); l.Forget(web, OptedOut) }, pod: "a",
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			l := knowing(t)
			test.feed(l)
			if diff := cmp.Diff(test.want, l.LedBy(podName(test.pod))); diff != "" {
				t.Errorf("unexpected Services (-want +got):\n%s", diff)
			}
		})
	}
	l := knowing(t)
	l.Lookup(api, one)
	l.SetState(api, leads("a", 1), 1)
	if got := len(l.LedBy(podName("a"))); got != 2 {
		t.Errorf("a leads %d Services, want 2", got)
	}
}

func TestAPreparedHandoverEnds(t *testing.T) {
	cases := map[string]struct {
		end  func(*Leaders)
		want Outcome
	}{
		"it is committed":                               {end: func(l *Leaders) { l.TakePrepared(web, one, answer(OutcomeUsed)); l.CountPrepared(OutcomeUsed) }, want: OutcomeUsed},
		"it no longer fits":                             {end: func(l *Leaders) { l.TakePrepared(web, one, answer(OutcomeStale)) }, want: OutcomeStale},
		"its leader does not leave":                     {end: func(l *Leaders) { l.ExpirePrepared(web, at(5)) }, want: OutcomeExpired},
		"one for another leader is prepared":            {end: func(l *Leaders) { l.Prepare(web, prepared("uid-b", at(9))) }, want: OutcomeSuperseded},
		"the Service changes":                           {end: func(l *Leaders) { l.Invalidate(web, ServiceChanged, at(0)) }, want: OutcomeStale},
		"the Service is deleted":                        {end: func(l *Leaders) { l.Forget(web, ServiceGone) }, want: OutcomeStale},
		"it is prepared again":                          {end: func(l *Leaders) { l.Prepare(web, prepared("uid-a", at(9))) }},
		"its leader is not seen to leave yet":           {end: func(l *Leaders) { l.TakePrepared(web, one, answer("")) }},
		"one is prepared for another Service":           {end: func(l *Leaders) { l.Prepare(podName("api"), prepared("uid-a", at(9))) }},
		"it is taken, and its outcome is not known yet": {end: func(l *Leaders) { l.TakePrepared(web, one, answer(OutcomeUsed)) }},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			l := knowing(t)
			l.Prepare(web, prepared("uid-a", at(5)))
			test.end(l)
			for _, outcome := range []Outcome{OutcomeUsed, OutcomeStale, OutcomeExpired, OutcomeSuperseded} {
				want := 0.0
				if outcome == test.want {
					want = 1
				}
				if got := testutil.ToFloat64(l.metrics.prepared.WithLabelValues(string(outcome))); got != want {
					t.Errorf("%v hand-overs are %s, want %v", got, outcome, want)
				}
			}
		})
	}
}

func TestAPreparedHandoverIsTakenOnce(t *testing.T) {
	l := knowing(t)
	l.Prepare(web, prepared("uid-a", at(5)))
	if got := l.ExpirePrepared(web, at(2)); got != 3*time.Second {
		t.Errorf("it lasts for %s, want 3s", got)
	}
	got, record := l.TakePrepared(web, one, answer(OutcomeUsed))
	if got == nil || got.Successor != "uid-b" {
		t.Errorf("got %+v", got)
	}
	if known, _ := l.Peek(web); !cmp.Equal(known, record) {
		t.Errorf("got record %+v, want %+v", record, known)
	}
	if got, _ := l.TakePrepared(web, one, answer(OutcomeUsed)); got != nil {
		t.Errorf("it is taken twice: %+v", got)
	}
	if got := l.ExpirePrepared(web, at(2)); got != 0 {
		t.Errorf("it still lasts for %s", got)
	}
}

func TestNothingIsPreparedForAnUnknownService(t *testing.T) {
	l := New()
	l.Prepare(web, prepared("uid-a", at(5)))
	if len(l.entries) != 0 {
		t.Errorf("%d entries were created", len(l.entries))
	}
}

func TestManyLeadersLeaveNothingBehind(t *testing.T) {
	l := New()
	for i := range 10_000 {
		key := types.NamespacedName{Namespace: "shop", Name: fmt.Sprint(i)}
		l.Observe(key, slice("100", 5, "a"), at(0))
		l.Lookup(key, one)
		l.SetState(key, leads("a", 5), 5)
		l.Prepare(key, prepared("uid-a", at(5)))
		l.DepartureAdmitted(types.UID(key.Name), at(0), at(5))
		l.DepartureSeen(types.UID(key.Name))
		l.Forget(key, ServiceGone)
	}
	if len(l.entries)+len(l.ledBy)+len(l.departing.until) != 0 {
		t.Errorf("%d entries, %d leaders and %d departures are left", len(l.entries), len(l.ledBy), len(l.departing.until))
	}
}

func TestWhatNobodyVouchedForReplacesNothing(t *testing.T) {
	vouched := prepared("uid-a", at(60))
	forged := prepared("uid-a", at(60))
	forged.Unauthenticated, forged.Successor = true, "uid-c"
	for name, test := range map[string]struct {
		prepared []Prepared
		want     types.UID
	}{
		"it comes second":           {[]Prepared{vouched, forged}, "uid-b"},
		"it comes first":            {[]Prepared{forged, vouched}, "uid-b"},
		"there is nothing else":     {[]Prepared{forged}, "uid-c"},
		"it comes first and second": {[]Prepared{forged, forged}, "uid-c"},
	} {
		t.Run(name, func(t *testing.T) {
			l := knowing(t)
			for _, p := range test.prepared {
				l.Prepare(web, p)
			}
			got, _ := l.TakePrepared(web, one, answer(OutcomeUsed))
			if got == nil || got.Successor != test.want {
				t.Errorf("got %+v, want %s to follow", got, test.want)
			}
		})
	}
}
