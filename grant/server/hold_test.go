package server

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tanist-dev/tanist/grant"
)

// TestALeaderIsAnsweredAsSoonAsTheOneBeforeHasSteppedDown, whichever replica each of them asks, and one read is made for it.
func TestALeaderIsAnsweredAsSoonAsTheOneBeforeHasSteppedDown(t *testing.T) {
	for told := range 2 {
		t.Run(fmt.Sprintf("replica %d is told", told), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newTestCluster(t, 2)
				if ask(t, w.replicas[0], "a").ValidForMilliseconds == 0 {
					t.Fatal("the first leader has no grant")
				}
				w.move("b")
				w.began = 0
				moved := time.Now()
				var wg sync.WaitGroup
				wg.Go(func() {
					got := ask(t, w.replicas[0], "b")
					if took := time.Since(moved); took != 100*time.Millisecond || got.ValidForMilliseconds != 2000 || got.Term != 20 {
						t.Errorf("after %s the answer is %+v, want a grant after 100ms", took, got)
					}
				})
				<-time.After(100 * time.Millisecond)
				if answer := stepDown(t, w.replicas[told]); !answer.Released {
					t.Fatalf("the step-down does not count: %+v", answer)
				}
				wg.Wait()
				if w.began != 1 {
					t.Errorf("%d reads, want one", w.began)
				}
			})
		})
	}
}

// TestALeaderIsAnsweredWhenTheGrantsBeforeAreOver, although its read was before.
func TestALeaderIsAnsweredWhenTheGrantsBeforeAreOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTestCluster(t, 1)
		w.move("b")
		moved := time.Now()
		<-time.After(2 * time.Second)
		got := ask(t, w.replicas[0], "b")
		if took := time.Since(moved); took != 2200*time.Millisecond || got.ValidForMilliseconds != 2000 {
			t.Errorf("after %s the answer is %+v, want a grant after 2.2s", took, got)
		}
	})
}

func TestWhoWaitsForAGrantHearsThatTheLeaderHasMovedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTestCluster(t, 1)
		w.move("b")
		moved := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() {
			got := ask(t, w.replicas[0], "b")
			if took := time.Since(moved); took != 100*time.Millisecond || got.Refused != grant.Overtaken {
				t.Errorf("after %s the answer is %+v, want %q after 100ms", took, got, grant.Overtaken)
			}
		})
		<-time.After(100 * time.Millisecond)
		w.move("c")
		wg.Wait()
	})
}

// TestWhatEndsAWaitForAGrant early.
func TestWhatEndsAWaitForAGrant(t *testing.T) {
	get := func(t *testing.T, ctx context.Context, s *Server) service {
		t.Helper()
		request := httptest.NewRequestWithContext(ctx, http.MethodGet, "/v1/me?session=1", nil)
		request.RemoteAddr = "10.1.0.2:40000"
		recorder := httptest.NewRecorder()
		s.Handler().ServeHTTP(recorder, request)
		var got me
		if err := json.Unmarshal(recorder.Body.Bytes(), &got); err != nil {
			t.Fatalf("%d: %s", recorder.Code, recorder.Body)
		}
		return got.Services[0]
	}
	cases := map[string]struct {
		end  func(s *Server, stop func())
		took time.Duration
	}{
		"nothing":           {func(*Server, func()) {}, 250 * time.Millisecond},
		"the caller's end":  {func(_ *Server, stop func()) { stop() }, 100 * time.Millisecond},
		"the replica's end": {func(s *Server, _ func()) { s.stop() }, 100 * time.Millisecond},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newTestCluster(t, 1)
				w.move("b")
				ctx, stop := context.WithCancel(t.Context())
				defer stop()
				began := time.Now()
				var wg sync.WaitGroup
				wg.Go(func() {
					got := get(t, ctx, w.replicas[0])
					if took := time.Since(began); took != test.took || got.Refused != grant.Settling {
						t.Errorf("after %s the answer is %+v, want %q after %s", took, got, grant.Settling, test.took)
					}
				})
				<-time.After(100 * time.Millisecond)
				test.end(w.replicas[0], stop)
				wg.Wait()
			})
		})
	}
	t.Run("too many requests that wait", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newTestCluster(t, 1)
			w.move("b")
			began := time.Now()
			var wg sync.WaitGroup
			for range waitingAtOnce {
				wg.Go(func() { ask(t, w.replicas[0], "b") })
			}
			synctest.Wait()
			if got := ask(t, w.replicas[0], "b"); time.Since(began) != 0 || got.Refused != grant.Settling {
				t.Errorf("one more is answered after %s: %+v, want %q at once", time.Since(began), got, grant.Settling)
			}
			wg.Wait()
		})
	})
}

// TestOneOfSeveralServicesDoesNotHoldUpTheOthers.
func TestOneOfSeveralServicesDoesNotHoldUpTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTestCluster(t, 1)
		w.another = true
		w.move("b")
		began := time.Now()
		got, status := call[me](t, w.replicas[0], "b", http.MethodGet, "/v1/me?session=1")
		if status != http.StatusOK || time.Since(began) != 0 || len(got.Services) != 2 || got.Services[0].Refused != grant.Settling {
			t.Errorf("after %s the answer is %d, %+v, want it at once", time.Since(began), status, got)
		}
	})
}
