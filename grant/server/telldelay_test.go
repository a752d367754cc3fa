package server

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestTheLeaderBeforeIsToldWhenTheNextOneWaits for its grant, at whichever replica, and all others are told at once.
func TestTheLeaderBeforeIsToldWhenTheNextOneWaits(t *testing.T) {
	cases := map[string]struct {
		// asks is after how long the next leader asks; zero for never. From another one than the pods that wait, if other.
		asks  time.Duration
		other bool
		told  time.Duration
	}{
		"at the same replica": {asks: 20 * time.Millisecond, told: 20 * time.Millisecond},
		"at the other one":    {asks: 20 * time.Millisecond, other: true, told: 20 * time.Millisecond},
		"late":                {asks: 80 * time.Millisecond, told: 50 * time.Millisecond},
		"never":               {told: 50 * time.Millisecond},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newTestCluster(t, 2)
				if ask(t, w.replicas[0], "a").ValidForMilliseconds == 0 {
					t.Fatal("the first leader has no grant")
				}
				var wg sync.WaitGroup
				moved := time.Now().Add(1500 * time.Millisecond)
				for pod, told := range map[string]time.Duration{"a": test.told, "b": 0, "c": 0} {
					wg.Go(func() {
						got, _ := call[me](t, w.replicas[0], pod, http.MethodGet, "/v1/me?wait=30s")
						if took := time.Since(moved); took != told || got.Services[0].Leader != "b" {
							t.Errorf("%s was told after %s: %+v, want it after %s", pod, took, got, told)
						}
					})
				}
				<-time.After(1500 * time.Millisecond)
				w.move("b")
				if test.asks > 0 {
					<-time.After(test.asks)
					asked := w.replicas[0]
					if test.other {
						asked = w.replicas[1]
					}
					ask(t, asked, "b")
				}
				wg.Wait()
			})
		})
	}
}

// TestWhoHoldsNoGrantIsToldAtOnce that it leads no longer.
func TestWhoHoldsNoGrantIsToldAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTestCluster(t, 1)
		first, _ := call[me](t, w.replicas[0], "a", http.MethodGet, "/v1/me?session=1")
		w.move("b")
		if !stepDown(t, w.replicas[0]).Released {
			t.Fatal("the step-down does not count")
		}
		began := time.Now()
		call[me](t, w.replicas[0], "a", http.MethodGet, fmt.Sprintf("/v1/me?wait=30s&version=%s", first.Version))
		if took := time.Since(began); took != 0 {
			t.Errorf("it was told after %s, want it at once", took)
		}
	})
}
