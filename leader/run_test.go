package leader

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// runs is a Leadership that Run is called for until the test ends.
type runs struct {
	// began and ended have the state of each call of the function, when it begins and when its context is done.
	began, ended chan State
	// returns is what the function returns without waiting for its context.
	returns chan error
	// result is what Run returns.
	result chan error
	stop   context.CancelFunc
}

func run(t *testing.T, f *tanist) *runs {
	t.Helper()
	l, err := New(Options{URL: "http://tanist", Pod: "db-0"})
	if err != nil {
		t.Fatal(err)
	}
	l.client.http.Transport = f
	ctx, stop := context.WithCancel(t.Context())
	r := &runs{make(chan State, 100), make(chan State, 100), make(chan error), make(chan error, 1), stop}
	go func() {
		r.result <- l.Run(ctx, func(ctx context.Context, state State) error {
			r.began <- state
			select {
			case err := <-r.returns:
				return err
			case <-ctx.Done():
				r.ended <- state
				return ctx.Err()
			}
		})
	}()
	t.Cleanup(func() { // or the time of the test would stand still for ever
		stop()
		synctest.Wait()
	})
	return r
}

// steppedDown returns the Service and the term of each step-down.
func (f *tanist) steppedDown() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stepDowns
}

func TestRunStepsDownWhenTheLeaderHasMoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newTanist()
		f.say(other(5))
		r := run(t, f)
		f.say(leads(10))
		if state := next(t, r.began, "it begins", State.Valid); state.Term != 10 {
			t.Errorf("it begins with %+v", state)
		}
		f.say(other(20))
		next(t, r.ended, "it ends", func(s State) bool { return s.Term == 10 && !s.Valid() })
		synctest.Wait()
		if diff := cmp.Diff([]string{"db 10"}, f.steppedDown()); diff != "" {
			t.Errorf("unexpected step-downs (-want +got):\n%s", diff)
		}
		f.say(leads(30))
		next(t, r.began, "it begins again", func(s State) bool { return s.Valid() && s.Term == 30 })
		r.stop()
		if err := <-r.result; err != nil {
			t.Errorf("at its end it returns %v", err)
		}
		if diff := cmp.Diff([]string{"db 10", "db 30"}, f.steppedDown()); diff != "" {
			t.Errorf("unexpected step-downs (-want +got):\n%s", diff)
		}
	})
}

// TestRunKeepsTheTermWhileTheLeaderStays: a leader that could not renew its grant has one for the same term later.
func TestRunKeepsTheTermWhileTheLeaderStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newTanist()
		f.say(leads(10))
		r := run(t, f)
		next(t, r.began, "it begins", State.Valid)
		f.mu.Lock()
		f.away = true
		f.mu.Unlock()
		next(t, r.ended, "it ends", func(s State) bool { return !s.Valid() })
		f.mu.Lock()
		f.away = false
		f.mu.Unlock()
		next(t, r.began, "it begins again", func(s State) bool { return s.Valid() && s.Term == 10 })
		if told := f.steppedDown(); len(told) > 0 {
			t.Errorf("the leader has stepped down: %v", told)
		}
	})
}

// TestRunStepsDownAlthoughItEndsMeanwhile: the leader moves, and the process is told to stop before Tanist has counted the step-down.
func TestRunStepsDownAlthoughItEndsMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newTanist()
		f.released = false
		f.say(leads(10))
		r := run(t, f)
		next(t, r.began, "it begins", State.Valid)
		f.say(other(20))
		next(t, r.ended, "it ends", func(s State) bool { return s.Term == 10 })
		synctest.Wait()
		r.stop()
		synctest.Wait()
		before := len(f.steppedDown())
		f.mu.Lock()
		f.released = true
		f.mu.Unlock()
		if err := <-r.result; err != nil {
			t.Errorf("at its end it returns %v", err)
		}
		if len(f.steppedDown()) <= before {
			t.Error("it gives up the step-down when it is told to stop")
		}
	})
}

func TestRunReturnsWhatTheFunctionReturns(t *testing.T) {
	broken := errors.New("broken")
	for name, want := range map[string]error{"an error": broken, "nothing": nil} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newTanist()
				f.say(leads(10))
				r := run(t, f)
				next(t, r.began, "it begins", State.Valid)
				r.returns <- want
				if err := <-r.result; !errors.Is(err, want) {
					t.Errorf("got %v, want %v", err, want)
				}
				if diff := cmp.Diff([]string{"db 10"}, f.steppedDown()); diff != "" {
					t.Errorf("unexpected step-downs (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestAFunctionMaySeeTheEndOfItsGrantBeforeItsContextIsDone, as one does that asks State.Valid before each piece of work.
func TestAFunctionMaySeeTheEndOfItsGrantBeforeItsContextIsDone(t *testing.T) {
	errWork := errors.New("failed to work")
	for name, test := range map[string]struct {
		ends bool
		err  error
		over bool
	}{
		"it returns while the grant is valid":                {over: true},
		"it returns after the end of the grant":              {ends: true},
		"it fails after the end of the grant":                {ends: true, err: errWork, over: true},
		"it returns an error while the grant is still valid": {err: errWork, over: true},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := New(Options{URL: "http://tanist", Pod: "db-0"})
			if err != nil {
				t.Fatal(err)
			}
			session, _ := l.held.current()
			l.held.record(session, now(), 10, time.Hour)
			over, err := l.whileValid(t.Context(), State{Term: 10, Leads: true, held: l.held}, func(context.Context, State) error {
				if test.ends {
					l.held.note(20)
				}
				return test.err
			})
			if over != test.over || !errors.Is(err, test.err) {
				t.Errorf("over: %v, error: %v; want %v, %v", over, err, test.over, test.err)
			}
		})
	}
}
