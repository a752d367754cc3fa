package app

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// lock is a Lease whose answers the test determines.
type lock struct {
	resourcelock.Interface
	err  error
	took time.Duration
}

func (l *lock) Identity() string { return "me" }

func (l *lock) Create(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.Update(ctx, record)
}

func (l *lock) Update(context.Context, resourcelock.LeaderElectionRecord) error {
	<-time.After(l.took)
	return l.err
}

func TestTheLeaseIsHeldAsLongAsItsLastRenewalIsYoung(t *testing.T) {
	refused := errors.New("refused")
	type step struct {
		holder string // in the record
		err    error
		took   time.Duration
		wait   time.Duration
	}
	cases := map[string]struct {
		steps []step
		want  bool
	}{
		"it was never taken":                        {},
		"it was taken":                              {steps: []step{{holder: "me"}}, want: true},
		"it was not taken":                          {steps: []step{{holder: "me", err: refused}}},
		"its renewal is a moment too old":           {steps: []step{{holder: "me", wait: renewDeadline}}},
		"its renewal is just young enough":          {steps: []step{{holder: "me", wait: renewDeadline - time.Millisecond}}, want: true},
		"its renewal counts from when it was sent":  {steps: []step{{holder: "me", took: 4 * time.Second, wait: renewDeadline - 4*time.Second}}},
		"it was renewed":                            {steps: []step{{holder: "me", wait: 9 * time.Second}, {holder: "me", wait: 9 * time.Second}}, want: true},
		"a renewal failed, and the last is young":   {steps: []step{{holder: "me"}, {holder: "me", err: refused}}, want: true},
		"it was given back":                         {steps: []step{{holder: "me"}, {holder: ""}}},
		"it was given back, which the API refused":  {steps: []step{{holder: "me"}, {holder: "", err: refused}}},
		"it was given back and taken again":         {steps: []step{{holder: "me"}, {holder: ""}, {holder: "me"}}, want: true},
		"another replica's record was written once": {steps: []step{{holder: "you"}}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := &lock{}
				l := &lease{Interface: api, older: func() bool { return false }}
				for _, step := range test.steps {
					api.err, api.took = step.err, step.took
					if err := l.Update(t.Context(), resourcelock.LeaderElectionRecord{HolderIdentity: step.holder}); !errors.Is(err, step.err) {
						t.Errorf("got %v, want %v", err, step.err)
					}
					<-time.After(step.wait)
				}
				if got := l.Held(); got != test.want {
					t.Errorf("held %t, want %t", got, test.want)
				}
			})
		})
	}
}

func TestTheLeaseIsNotTakenBesideOlderReplicas(t *testing.T) {
	older := true
	l := &lease{Interface: &lock{}, older: func() bool { return older }}
	mine := resourcelock.LeaderElectionRecord{HolderIdentity: "me"}
	for name, write := range map[string]func(context.Context, resourcelock.LeaderElectionRecord) error{"create": l.Create, "update": l.Update} {
		if err := write(t.Context(), mine); !errors.Is(err, errOlderReplicas) || l.Held() {
			t.Errorf("%s: got %v, held %t", name, err, l.Held())
		}
	}
	older = false
	if err := l.Update(t.Context(), mine); err != nil || !l.Held() {
		t.Fatalf("got %v, held %t", err, l.Held())
	}
	older = true // one came back: this replica keeps the Lease, or nobody would hold it
	if err := l.Update(t.Context(), mine); err != nil || !l.Held() {
		t.Errorf("got %v, held %t", err, l.Held())
	}
}

func TestARenewalThatComesLateIsNoted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api, regained := &lock{}, 0
		l := &lease{Interface: api, older: func() bool { return false }}
		l.regained = func() {
			regained++
			if !l.Held() {
				t.Error("it is told before the Lease is held")
			}
		}
		for _, step := range []struct {
			err        error
			wait, took time.Duration
			want       int
		}{
			{}, // it is taken
			{wait: 9 * time.Second},
			{wait: 9 * time.Second, err: errors.New("the API server restarts")},
			{wait: 2 * time.Second, want: 1},
			{wait: 9 * time.Second, want: 1},
			{wait: 9 * time.Second, took: 2 * time.Second, want: 2},
		} {
			<-time.After(step.wait)
			api.err, api.took = step.err, step.took
			if err := l.Update(t.Context(), resourcelock.LeaderElectionRecord{HolderIdentity: "me"}); !errors.Is(err, step.err) {
				t.Errorf("got %v, want %v", err, step.err)
			}
			if regained != step.want {
				t.Errorf("told %d times, want %d", regained, step.want)
			}
		}
	})
}
