package server

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// stepDown steps down from the first term, as the session 1 of the pod a.
func stepDown(t *testing.T, s *Server) steppedDown {
	t.Helper()
	got, status := call[steppedDown](t, s, "a", http.MethodPost, "/v1/me/stepdown?service=db&session=1&term=10")
	if status != http.StatusOK {
		t.Fatalf("the step-down is answered %d", status)
	}
	return got
}

func TestStepDown(t *testing.T) {
	cases := map[string]struct {
		before func(t *testing.T, w *testCluster)
		want   steppedDown
		// early is which replicas give the next leader a grant at once.
		early []bool
	}{
		"after the move": {
			before: func(_ *testing.T, w *testCluster) { w.move("b") },
			want:   steppedDown{Released: true}, early: []bool{true, true},
		},
		"after the move, before the watch shows it": {
			before: func(_ *testing.T, w *testCluster) { w.moveUnseen("b") },
			want:   steppedDown{Released: true}, early: []bool{true, true},
		},
		"before the move": {
			before: func(*testing.T, *testCluster) {},
			want:   steppedDown{Reason: stillLeads}, early: []bool{false, false},
		},
		"another process of the pod has a grant of the other replica": {
			before: func(t *testing.T, w *testCluster) {
				call[me](t, w.replicas[1], "a", http.MethodGet, "/v1/me?session=2")
				w.move("b")
			},
			want: steppedDown{Reason: notVouched}, early: []bool{false, false},
		},
		"another process of the pod has a grant of this replica": {
			before: func(t *testing.T, w *testCluster) {
				call[me](t, w.replicas[0], "a", http.MethodGet, "/v1/me?session=2")
				w.move("b")
			},
			want: steppedDown{Reason: notVouched}, early: []bool{false, false},
		},
		"another process of the pod had a grant": {
			before: func(t *testing.T, w *testCluster) {
				call[me](t, w.replicas[1], "a", http.MethodGet, "/v1/me?session=2")
				<-time.After(2200 * time.Millisecond)
				w.move("b")
			},
			want: steppedDown{Released: true}, early: []bool{true, true},
		},
		"the other replica has just started": {
			before: func(t *testing.T, w *testCluster) {
				w.replicas[1] = w.replica(t, 1)
				w.move("b")
			},
			want: steppedDown{Reason: notVouched}, early: []bool{false, false},
		},
		"the other replica does not answer": {
			before: func(_ *testing.T, w *testCluster) { w.move("b"); w.replicas[1] = nil },
			want:   steppedDown{Reason: notVouched}, early: []bool{false},
		},
		"there is a replica that cannot be asked": {
			before: func(_ *testing.T, w *testCluster) { w.move("b"); w.hidden = true },
			want:   steppedDown{Reason: notVouched}, early: []bool{false, false},
		},
		"a replica has gone": {
			before: func(_ *testing.T, w *testCluster) { w.move("b"); w.left = time.Now() },
			want:   steppedDown{Reason: notVouched}, early: []bool{false, false},
		},
		"the API server does not answer": {
			before: func(_ *testing.T, w *testCluster) { w.moveUnseen("b"); w.err = errAway },
			want:   steppedDown{Reason: unread}, early: []bool{false, false},
		},
		"the API server does not answer, and the watch has shown the move": {
			before: func(_ *testing.T, w *testCluster) { w.move("b"); w.err = errAway },
			want:   steppedDown{Released: true}, early: []bool{true, true},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newTestCluster(t, 2)
				ask(t, w.replicas[0], "a")
				test.before(t, w)
				if diff := cmp.Diff(test.want, stepDown(t, w.replicas[0])); diff != "" {
					t.Errorf("unexpected answer (-want +got):\n%s", diff)
				}
				w.mu.Lock()
				if w.err = nil; w.view.Leader == "a" {
					w.mu.Unlock()
					w.move("b")
				} else {
					w.seen = w.view
					w.mu.Unlock()
				}
				for i, want := range test.early {
					if got := ask(t, w.replicas[i], "b"); (got.ValidForMilliseconds > 0) != want {
						t.Errorf("replica %d answers the next leader %+v, want a grant: %t", i, got, want)
					}
				}
			})
		})
	}
}

func TestNewsOfAStepDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTestCluster(t, 2)
		w.move("b")
		told := make(chan time.Time, 1)
		got, _ := call[me](t, w.replicas[1], "b", http.MethodGet, "/v1/me")
		go func() {
			call[me](t, w.replicas[1], "b", http.MethodGet, "/v1/me?wait=30s&version="+got.Version)
			told <- time.Now()
		}()
		<-time.After(time.Second)
		stepDown(t, w.replicas[0])
		began := time.Now()
		if at := <-told; at != began {
			t.Errorf("the next leader is told %s later", at.Sub(began))
		}
	})
}

// TestNewsThatTheRecordHadBeforeTheWatch: the replica heard of the move with the step-down, and its informers show it a moment later.
func TestNewsThatTheRecordHadBeforeTheWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTestCluster(t, 2)
		ask(t, w.replicas[0], "a")
		told := make(chan time.Time, 1)
		go func() {
			for got := (me{}); len(got.Services) == 0 || !got.Services[0].Leads; {
				got, _ = call[me](t, w.replicas[1], "b", http.MethodGet, "/v1/me?wait=30s&version="+got.Version)
			}
			told <- time.Now()
		}()
		synctest.Wait()
		w.moveUnseen("b")
		stepDown(t, w.replicas[0])
		synctest.Wait()
		w.watch()
		began := time.Now()
		if at := <-told; at != began {
			t.Errorf("the next leader is told %s later", at.Sub(began))
		}
	})
}

func TestASliceThatIsGoneIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTestCluster(t, 1)
		s := w.replicas[0]
		s.Gone(slice)
		if len(s.book.entries) != 1 {
			t.Error("a slice that may only be hidden is forgotten at once")
		}
		<-time.After(keepGone + time.Second)
		other := slice
		other.Name = "other"
		s.Gone(other)
		if len(s.book.entries) != 0 {
			t.Errorf("%d entries are kept", len(s.book.entries))
		}
	})
}
