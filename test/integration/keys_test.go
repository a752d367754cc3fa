//go:build integration

package integration_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// What the keys of the tuning change while Tanist runs. The keys that switch an announcement off are in switches_test.go, the drain window's
// is in window_test.go, and that of commits on admission is in prepared_test.go.

func TestPreparationsAreKeptAsLongAsTheTuningSays(t *testing.T) {
	i, r := admitting(t)
	i.put("cache: {preparedTTL: 10m}", r)
	s, first := pair(t)
	s.awaitPodEvents()
	i.settled(r)
	s.denyDeletions()
	expired := r.counter("tanist_prepared_total", "outcome=expired")
	try := func() {
		if err := clientset.CoreV1().Pods(s.namespace).Delete(t.Context(), "a", metav1.DeleteOptions{}); err == nil {
			t.Fatal("the deletion was not denied")
		}
	}
	try()
	i.put("cache: {preparedTTL: 1s}", r)
	try()
	r.counts(expired+1, "tanist_prepared_total", "outcome=expired")
	s.stays("web", first)
}

func TestABackupWaitsAsLongAsTheTuningSays(t *testing.T) {
	installation := newTanist(t)
	installation.tune("{}")
	holder, backup := installation.startElected(), installation.start().staysBackup()
	s, _ := pair(t)
	s.awaitPodEvents()
	const delay = 3 * time.Second
	installation.put("commit: {backupDelay: 3s}", backup)
	holder.die()
	start := time.Now()
	s.terminate("a")
	s.leads("web", "b")
	if took := time.Since(start); took < delay {
		t.Errorf("it took %s, want at least %s", took, delay)
	}
}

func TestAsManyCommitsAreUnderWayAsTheTuningSays(t *testing.T) {
	installation := newTanist(t)
	installation.tune("commit: {concurrency: 2}")
	r := installation.startElected()
	s := newNamespace(t)
	leaders := s.withLeaders(8)
	s.awaitPodEvents()

	var mu sync.Mutex
	underWay, release := 0, make(chan struct{})
	releaseAll := sync.OnceFunc(func() { close(release) })
	defer releaseAll()
	tap := func(request *http.Request) bool {
		if request.Method != http.MethodPut || !strings.Contains(request.URL.Path, "/endpointslices/") {
			return false
		}
		mu.Lock()
		underWay++
		mu.Unlock()
		<-release
		return false
	}
	r.network.tap.Store(&tap)
	wait := func(want int) {
		t.Helper()
		history.eventually(t, func() string {
			mu.Lock()
			defer mu.Unlock()
			if underWay != want {
				return fmt.Sprintf("%d commits under way, got %d", want, underWay)
			}
			return ""
		})
	}
	s.deleteTogether()
	wait(2)
	installation.put("commit: {concurrency: 5}", r)
	release <- struct{}{} // a commit that ends applies the new limit
	wait(6)
	releaseAll()
	for name := range leaders {
		s.leads(name, name+"-b")
	}
}

// overload refuses the first requests of a kind as an overloaded API server does, and returns the times at which the requests of that kind were made.
func (r *replica) overload(refusals int, kind func(*http.Request) bool) (times func() []time.Time) {
	var mu sync.Mutex
	var all []time.Time
	tap := func(request *http.Request) bool {
		if !kind(request) {
			return false
		}
		mu.Lock()
		defer mu.Unlock()
		all = append(all, time.Now())
		return len(all) <= refusals
	}
	r.network.tap.Store(&tap)
	return func() []time.Time {
		mu.Lock()
		defer mu.Unlock()
		return append([]time.Time{}, all...)
	}
}

// wantPauses checks that the pauses between attempts were at least these. The work queue's own begin with milliseconds.
func wantPauses(t *testing.T, attempts []time.Time, n int, atLeast time.Duration) {
	t.Helper()
	if len(attempts) < n+1 {
		t.Fatalf("%d attempts, want at least %d", len(attempts), n+1)
	}
	for k := range n {
		if pause := attempts[k+1].Sub(attempts[k]); pause < atLeast {
			t.Errorf("attempt %d came %s after the one before, want at least %s", k+2, pause, atLeast)
		}
	}
}

func TestAHandoverIsTriedAgainAsTheTuningSays(t *testing.T) {
	installation := newTanist(t)
	installation.tune("{}")
	r := installation.startElected()
	s, _ := pair(t)
	s.awaitPodEvents()
	// By default there are two attempts, and no pause is longer than half a second.
	installation.put("retry: {failover: {maxAttempts: 3, initialDelay: 1s, maxDelay: 1s}}", r)
	attempts := r.overload(2, func(request *http.Request) bool {
		return request.Method == http.MethodPut && strings.Contains(request.URL.Path, s.namespace+"/endpointslices/")
	})
	s.terminate("a")
	s.leads("web", "b")
	wantPauses(t, attempts(), 2, time.Second)
}

func TestEverythingElseIsTriedAgainAsTheTuningSays(t *testing.T) {
	installation := newTanist(t)
	installation.tune("{}")
	r := installation.startElected()
	s := newNamespace(t)
	cases := []struct {
		policy   string
		refusals int
		pause    time.Duration
	}{
		// By default there are three attempts, the first pause is of a tenth of a second and none is longer than five.
		{"maxAttempts: 4, initialDelay: 300ms, maxDelay: 300ms", 3, 300 * time.Millisecond},
		{"maxAttempts: 2, initialDelay: 5100ms, maxDelay: 5100ms", 1, 5100 * time.Millisecond},
	}
	for k, test := range cases {
		installation.put("retry: {standard: {"+test.policy+"}}", r)
		attempts := r.overload(test.refusals, func(request *http.Request) bool {
			return request.Method == http.MethodPost && strings.HasSuffix(request.URL.Path, s.namespace+"/services")
		})
		name := fmt.Sprint("s", k)
		s.withService(name)
		s.exists(name + "-leader")
		wantPauses(t, attempts(), test.refusals, test.pause)
	}
}
