package server

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// TestAPodMayWaitBeforeItIsKnown: a process asks before the kubelet has reported its pod's address, and may lead a moment after that.
func TestAPodMayWaitBeforeItIsKnown(t *testing.T) {
	cases := map[string]struct {
		target string
		// appears is when the pod becomes known.
		appears time.Duration
		want    int
		after   time.Duration
	}{
		"known soon":                     {target: "/v1/me?wait=30s&version=0", appears: 700 * time.Millisecond, want: http.StatusOK, after: 700 * time.Millisecond},
		"known too late":                 {target: "/v1/me?wait=30s&version=0", appears: time.Minute, want: http.StatusForbidden, after: unknownWait},
		"known later than it waits":      {target: "/v1/me?wait=1s&version=0", appears: 2 * time.Second, want: http.StatusForbidden, after: time.Second},
		"it does not wait":               {target: "/v1/me", appears: time.Second, want: http.StatusForbidden},
		"it asks for another Service":    {target: "/v1/me?wait=30s&service=web", appears: time.Second, want: http.StatusNotFound, after: time.Second},
		"it is known, and waits as ever": {target: "/v1/me?wait=5s", want: http.StatusOK, after: 5 * time.Second},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newTestCluster(t, 1)
				if test.appears > 0 {
					w.unknown = map[string]bool{"b": true}
					time.AfterFunc(test.appears, func() { w.appear("b") })
				}
				w.appear("c") // is nobody's business
				began := time.Now()
				got, status := call[me](t, w.replicas[0], "b", http.MethodGet, test.target)
				if status != test.want || status == http.StatusOK && got.Pod != "b" {
					t.Errorf("it is answered %d, %v, want %d", status, got, test.want)
				}
				if took := time.Since(began); took != test.after {
					t.Errorf("it is answered after %s, want %s", took, test.after)
				}
				if n := len(w.replicas[0].unknown.waiting); n > 0 {
					t.Errorf("%d unknown pods are remembered", n)
				}
				<-time.After(2 * time.Minute) // the timer of the pod
			})
		})
	}
}

// TestUnknownPodsWaitTogether: several requests of a pod wait, and only so many.
func TestUnknownPodsWaitTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTestCluster(t, 1)
		w.unknown = map[string]bool{"b": true}
		answers := make(chan int, waitingAtOnce+1)
		for range waitingAtOnce + 1 {
			go func() {
				_, status := call[me](t, w.replicas[0], "b", http.MethodGet, "/v1/me?wait=30s&version=0")
				answers <- status
			}()
		}
		synctest.Wait()
		if got := <-answers; got != http.StatusTooManyRequests || len(answers) > 0 {
			t.Errorf("one too many is answered %d, and %d more are answered", got, len(answers))
		}
		w.appear("b")
		for range waitingAtOnce {
			if got := <-answers; got != http.StatusOK {
				t.Errorf("one that waited is answered %d", got)
			}
		}
		if n := len(w.replicas[0].unknown.waiting); n > 0 {
			t.Errorf("%d unknown pods are remembered", n)
		}
	})
}

// TestAnotherServiceIsTold: a pod that waits is told when another Service selects it.
func TestAnotherServiceIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTestCluster(t, 1)
		w.unselected = true
		time.AfterFunc(700*time.Millisecond, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.unselected = false
		})
		began := time.Now()
		got, status := call[me](t, w.replicas[0], "b", http.MethodGet, "/v1/me?wait=30s")
		if took := time.Since(began); status != http.StatusOK || len(got.Services) != 1 || took != selectionInterval {
			t.Errorf("after %s it is answered %d, %v", took, status, got)
		}
	})
}
