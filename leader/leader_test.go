package leader

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAGrantIsRenewedWhileThePodLeads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newTanist()
		f.say(leads(10))
		_, states := watch(t, f)
		state := next(t, states, "the pod has a grant", func(s State) bool { return s.valid })
		if state.Service != "db" || state.Leader != "db-0" || state.Term != 10 || !state.Leads || state.Err != nil {
			t.Errorf("unexpected state %+v", state)
		}
		over := time.After(3 * validFor)
		for tick := time.NewTicker(validFor / 80); ; {
			select {
			case <-tick.C:
				if !state.Valid() {
					t.Fatal("the grant has expired, although Tanist renews it")
				}
			case <-over:
				if len(states) > 0 {
					t.Errorf("a renewal is told as a change: %+v", <-states)
				}
				f.say(other(20))
				next(t, states, "another pod leads", func(s State) bool { return !s.Leads && s.Leader == "db-1" && s.Term == 20 && !s.Valid() })
				return
			}
		}
	})
}

func TestAGrantExpiresWhileTanistIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newTanist()
		f.say(leads(10))
		_, states := watch(t, f)
		state := next(t, states, "the pod has a grant", State.Valid)
		f.mu.Lock()
		f.away = true
		f.mu.Unlock()
		next(t, states, "it tells why Tanist could not be asked", func(s State) bool { return s.Err != nil })
		next(t, states, "the grant has expired", func(s State) bool { return !s.valid })
		if state.Valid() {
			t.Error("the state from before is still valid")
		}
		f.mu.Lock()
		f.away = false
		f.mu.Unlock()
		next(t, states, "the pod has a grant again", func(s State) bool { return s.Valid() && s.Err == nil })
	})
}

func TestANewLeaderWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newTanist()
		f.say(func(s *service) {
			*s = service{Service: "db", Leads: true, Leader: "db-0", Term: 10, Refused: "Settling", RetryAfterMilliseconds: 100}
		})
		_, states := watch(t, f)
		if state := next(t, states, "the pod leads", func(s State) bool { return s.Leads }); state.Valid() {
			t.Error("a leader that has to wait has a grant")
		}
		f.mu.Lock()
		leads(10)(&f.said) // without a change
		f.mu.Unlock()
		next(t, states, "the pod has a grant", State.Valid)
	})
}

// TestALeaderThatWaitsAsksAgainSoon: the replica that it asks may know of the step-down later than the one that told it.
func TestALeaderThatWaitsAsksAgainSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newTanist()
		f.say(func(s *service) {
			*s = service{Service: "db", Leads: true, Leader: "db-0", Term: 10, Refused: "Settling", RetryAfterMilliseconds: time.Hour.Milliseconds()}
		})
		_, states := watch(t, f)
		next(t, states, "the pod leads", func(s State) bool { return s.Leads })
		synctest.Wait()
		told := time.Now()
		f.mu.Lock()
		leads(10)(&f.said) // without a change
		f.mu.Unlock()
		next(t, states, "the pod has a grant", State.Valid)
		if waited := time.Since(told); waited > usualDuration/4 {
			t.Errorf("the leader waited %s for its grant", waited)
		}
	})
}

// TestAReplicaThatIsBehind: a new leader hears that it leads, and the replica that it asks does not know yet.
func TestAReplicaThatIsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newTanist()
		f.say(other(10))
		_, states := watch(t, f)
		next(t, states, "another pod leads", func(s State) bool { return s.Leader == "db-1" })
		synctest.Wait()
		f.mu.Lock()
		f.late = 1
		f.mu.Unlock()
		f.say(leads(20))
		told := time.Now()
		next(t, states, "the pod has a grant", func(s State) bool {
			if s.Term < 20 {
				t.Errorf("the term goes back to %d", s.Term)
			}
			return s.Valid()
		})
		if waited := time.Since(told); waited >= idlePause {
			t.Errorf("the leader waited %s for its grant", waited)
		}
	})
}

// TestATermThatGoesBack: after a restore of etcd, all replicas know of an earlier term only.
func TestATermThatGoesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newTanist()
		f.say(other(20))
		_, states := watch(t, f)
		next(t, states, "another pod leads", func(s State) bool { return s.Term == 20 })
		f.say(leads(10))
		next(t, states, "the pod has a grant for the earlier term", func(s State) bool { return s.Valid() && s.Term == 10 })
	})
}

func TestAStepDownBeforeTheFirstAnswerTellsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newTanist()
		f.away = true
		l, states := watch(t, f)
		if err := l.StepDown(t.Context()); err != nil {
			t.Fatal(err)
		}
		if state := next(t, states, "there is one", func(State) bool { return true }); state.Err == nil {
			t.Errorf("got %+v before Tanist has answered", state)
		}
	})
}

func TestAnAnswerAboutAnotherPodIsVoid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newTanist()
		f.pod = "db-7"
		f.say(leads(10))
		_, states := watch(t, f)
		state := next(t, states, "it tells what is wrong", func(s State) bool { return s.Err != nil })
		if want := "it takes this pod, db-0, for db-7"; state.Valid() || !strings.Contains(state.Err.Error(), want) {
			t.Errorf("got the error %v, want %q", state.Err, want)
		}
	})
}

func TestStepDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newTanist()
		f.say(leads(10))
		l, states := watch(t, f)
		state := next(t, states, "the pod has a grant", State.Valid)
		if err := l.StepDown(t.Context()); err != nil {
			t.Fatal(err)
		}
		if state.Valid() {
			t.Error("the grant is valid after the step-down")
		}
		f.mu.Lock()
		told, sessions := f.stepDowns, len(f.sessions)
		f.mu.Unlock()
		if diff := cmp.Diff([]string{"db 10"}, told); diff != "" || sessions != 1 {
			t.Errorf("asked in %d sessions; unexpected step-downs (-want +got):\n%s", sessions, diff)
		}
		f.say(leads(10))
		f.say(other(20))
		next(t, states, "another pod leads", func(s State) bool {
			if s.Valid() {
				t.Error("the pod has a grant for the term that it has stepped down from")
			}
			return s.Leader == "db-1"
		})
		f.say(leads(30))
		next(t, states, "the pod leads again", func(s State) bool { return s.Valid() && s.Term == 30 })
		f.mu.Lock()
		defer f.mu.Unlock()
		if len(f.sessions) != 2 {
			t.Errorf("asked in %d sessions, want a new one after the step-down", len(f.sessions))
		}
	})
}

func TestAStepDownThatDoesNotCountLastsAsLongAsTheGrant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newTanist()
		f.released = false
		f.say(leads(10))
		l, states := watch(t, f)
		next(t, states, "the pod has a grant", State.Valid)
		began := time.Now()
		if err := l.StepDown(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took < validFor/2 {
			t.Errorf("it took %s, when a grant of %s had been renewed", took, validFor)
		}
		if err := l.StepDown(t.Context()); err != nil {
			t.Errorf("without a grant, stepping down fails: %v", err)
		}
	})
}

// TestALaterTermEndsTheGrant although it has not expired: the next leader waits for it.
func TestALaterTermEndsTheGrant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newTanist()
		f.say(leads(10))
		_, states := watch(t, f)
		state := next(t, states, "the pod has a grant", State.Valid)
		f.say(other(20))
		next(t, states, "another pod leads", func(s State) bool { return s.Leader == "db-1" })
		if state.Valid() {
			t.Error("the grant is used although the leader has moved")
		}
	})
}

func TestHeldGrant(t *testing.T) {
	sent := now()
	ago := moment{at: sent.at.Add(-time.Second), boot: sent.boot - time.Second}
	cases := map[string]struct {
		grant func(g *heldGrant)
		want  bool
	}{
		"no grant":                             {grant: func(*heldGrant) {}},
		"a grant":                              {grant: func(g *heldGrant) { g.record(g.session, sent, 10, time.Hour) }, want: true},
		"a grant for another term":             {grant: func(g *heldGrant) { g.record(g.session, sent, 11, time.Hour) }},
		"a grant that has expired":             {grant: func(g *heldGrant) { g.record(g.session, ago, 10, time.Second) }},
		"an answer to an earlier session":      {grant: func(g *heldGrant) { g.record("x", sent, 10, time.Hour) }},
		"a later term is known":                {grant: func(g *heldGrant) { g.record(g.session, sent, 10, time.Hour); g.note(11) }},
		"and is taken back":                    {grant: func(g *heldGrant) { g.note(11); g.record(g.session, sent, 10, time.Hour); g.note(10) }, want: true},
		"an answer that is late, and no grant": {grant: func(g *heldGrant) { g.record(g.session, sent, 10, time.Hour); g.record(g.session, sent, 10, 0) }, want: true},
		"the leader has stepped down":          {grant: func(g *heldGrant) { g.record(g.session, sent, 10, time.Hour); g.end() }},
		"and the answer was late": {grant: func(g *heldGrant) {
			session := g.session
			g.record(session, ago, 10, time.Hour)
			g.end()
			g.record(session, sent, 10, time.Hour)
		}},
		"and asks again": {grant: func(g *heldGrant) {
			g.record(g.session, ago, 10, time.Hour)
			g.end()
			g.record(g.session, sent, 10, time.Hour)
		}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			g := newHeldGrant()
			test.grant(g)
			if got := (State{Term: 10, held: g}).Valid(); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}

// TestTheFastestClockCounts checks that none of the clocks can stop time.
func TestTheFastestClockCounts(t *testing.T) {
	from := now()
	withWall := func(d time.Duration) time.Time { return from.at.Round(0).Add(d) }
	cases := map[string]struct {
		to   moment
		want time.Duration
	}{
		"all say the same":          {to: moment{at: from.at.Add(time.Second), boot: from.boot + time.Second}, want: time.Second},
		"the machine was suspended": {to: moment{at: from.at, boot: from.boot + time.Hour}, want: time.Hour},
		"the wall clock jumped":     {to: moment{at: withWall(time.Hour), boot: from.boot + time.Second}, want: time.Hour},
		"the wall clock was set back": {
			to: moment{at: withWall(-time.Hour), boot: from.boot + time.Second}, want: time.Second,
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if got := from.until(test.to); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
