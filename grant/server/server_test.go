package server

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tanist-dev/tanist/grant"
)

func TestAPodLearnsAboutItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTestCluster(t, 1)
		got, _ := call[me](t, w.replicas[0], "a", http.MethodGet, "/v1/me")
		want := me{Namespace: "shop", Pod: "a", UID: "a", Version: got.Version, Services: []service{{
			Service: "db", LeaderService: "db-leader", Leads: true, Leader: "a", Term: 10, ValidForMilliseconds: 2000,
		}}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("unexpected answer to the leader (-want +got):\n%s", diff)
		}
		want = me{Namespace: "shop", Pod: "b", UID: "b", Version: want.Version, Services: []service{{
			Service: "db", LeaderService: "db-leader", Leader: "a", Term: 10,
		}}}
		got, _ = call[me](t, w.replicas[0], "b", http.MethodGet, "/v1/me?service=db")
		want.Version = got.Version
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("unexpected answer to another pod (-want +got):\n%s", diff)
		}
		if w.began != 1 {
			t.Errorf("%d reads, want one for the leader alone", w.began)
		}
	})
}

func TestGrants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTestCluster(t, 1)
		s := w.replicas[0]
		check := func(pod, what string, want service) {
			t.Helper()
			want.Service, want.LeaderService = "db", "db-leader"
			if diff := cmp.Diff(want, ask(t, s, pod)); diff != "" {
				t.Errorf("unexpected answer %s (-want +got):\n%s", what, diff)
			}
		}
		w.moveUnseen("b")
		check("a", "when the leader has moved and the watch is late", service{Leader: "a", Term: 10, Refused: grant.NotLeader})
		w.move("c")
		check("c", "250 ms after a move", service{Leads: true, Leader: "c", Term: 30, Refused: grant.Settling, RetryAfterMilliseconds: 1950})
		<-time.After(1950 * time.Millisecond)
		check("c", "2.2 s after it", service{Leads: true, Leader: "c", Term: 30, ValidForMilliseconds: 2000})
		w.err = errAway
		check("c", "while the API server is away", service{Leads: true, Leader: "c", Term: 30, Refused: grant.Unread})
		w.err = nil
		s = w.replica(t, 0)
		check("c", "of a replica that has just started, at once", service{Leads: true, Leader: "c", Term: 30, Refused: grant.Settling, RetryAfterMilliseconds: 2200})
	})
}

func TestOneReadServesAllWhoAskBeforeItBegins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTestCluster(t, 1)
		w.hold = make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() { ask(t, w.replicas[0], "a") })
		synctest.Wait()
		for range 20 {
			wg.Go(func() { ask(t, w.replicas[0], "a") })
		}
		synctest.Wait()
		if w.began != 1 {
			t.Errorf("%d reads have begun while the first is under way", w.began)
		}
		close(w.hold)
		wg.Wait()
		if w.began != 2 {
			t.Errorf("%d reads, want one for the first request and one for the others", w.began)
		}
	})
}

func TestARequestDoesNotJoinAReadUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTestCluster(t, 1)
		first := make(chan struct{})
		w.hold = first
		var wg sync.WaitGroup
		wg.Go(func() { ask(t, w.replicas[0], "a") })
		synctest.Wait()
		w.moveUnseen("b")
		w.mu.Lock()
		w.hold = nil
		w.mu.Unlock()
		wg.Go(func() {
			if got := ask(t, w.replicas[0], "a"); got.ValidForMilliseconds > 0 {
				t.Error("a request that came after the move got a grant of a read that began before")
			}
		})
		synctest.Wait()
		close(first)
		wg.Wait()
	})
}

func TestNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTestCluster(t, 1)
		s := w.replicas[0]
		began := time.Now()
		got, _ := call[me](t, s, "b", http.MethodGet, "/v1/me?wait=30s")
		if took := time.Since(began); took != 30*time.Second || got.Services[0].Leader != "a" {
			t.Errorf("without a change the answer came after %s: %v", took, got)
		}
		var wg sync.WaitGroup
		for _, version := range []string{"", got.Version} {
			wg.Go(func() {
				got, _ := call[me](t, s, "b", http.MethodGet, "/v1/me?wait=30s&version="+version)
				if took := time.Since(began); took != 31*time.Second || got.Services[0].Leader != "b" || got.Services[0].ValidForMilliseconds != 0 {
					t.Errorf("the change was told after %s: %v", took, got)
				}
			})
		}
		<-time.After(time.Second)
		w.move("b")
		wg.Wait()
		call[me](t, s, "b", http.MethodGet, "/v1/me?wait=30s&version="+got.Version)
		if took := time.Since(began); took != 31*time.Second {
			t.Errorf("who has an older version waits, until %s", took)
		}
		if w.began != 0 {
			t.Errorf("for a change, %d reads were made", w.began)
		}
	})
}

func TestWhatIsRefused(t *testing.T) {
	long := strings.Repeat("x", 65)
	cases := map[string]struct {
		method, target, body, from string
		status                     int
		want                       string
	}{
		"an address that is no pod's":        {target: "/v1/me", from: "10.2.0.1:1", status: 403, want: "the request comes from 10.2.0.1: want the address of exactly one pod, which is not in the host network"},
		"a Service that is not the pod's":    {target: "/v1/me?service=other", status: 404, want: "service=other: must be a Service with a leader Service that selects this pod"},
		"what is no name":                    {target: "/v1/me?service=../x", status: 400, want: `service="../x": must be the name of a Service`},
		"a session that is too long":         {target: "/v1/me?session=" + long, status: 400, want: fmt.Sprintf("session=%q: must be at most 64 letters, digits and hyphens", long)},
		"a wait that is too long":            {target: "/v1/me?wait=2m", status: 400, want: `wait="2m": must be a duration between 0s and 1m0s, such as 30s`},
		"a negative wait":                    {target: "/v1/me?wait=-1s", status: 400, want: `wait="-1s": must be a duration between 0s and 1m0s, such as 30s`},
		"what is no version":                 {target: "/v1/me?version=x", status: 400, want: `version="x": must be the version of an earlier answer`},
		"a term that is no number":           {method: "POST", target: "/v1/me/stepdown?service=db&term=x", status: 400, want: `term="x": must be a positive integer`},
		"a step-down without a term":         {method: "POST", target: "/v1/me/stepdown?service=db", status: 400, want: "service and term are required: the Service, and the term of the last grant, such as ?service=db&term=1760000000000"},
		"a step-down from another's Service": {method: "POST", target: "/v1/me/stepdown?service=x&term=1", status: 404, want: "service=x: must be a Service with a leader Service that selects this pod"},
		"a body":                             {target: "/v1/me", body: "x", status: 400, want: "a request has no body"},
		"another method":                     {method: "POST", target: "/v1/me", status: 405, want: "Method Not Allowed"},
		"a step-down as GET":                 {target: "/v1/me/stepdown?service=db&term=1", status: 405, want: "Method Not Allowed"},
		"a pod that says it is a replica":    {method: "POST", target: "/v1/replicas/stepdown", body: `{}`, status: 403, want: "only for replicas of Tanist"},
		"a replica that says nothing":        {method: "POST", target: "/v1/replicas/stepdown", from: "10.9.0.2:1", body: `{}`, status: 400, want: "not a step-down"},
		"a pod that says who waits":          {method: "POST", target: "/v1/replicas/successor-waits", body: `{}`, status: 403, want: "only for replicas of Tanist"},
		"a replica that says of nobody":      {method: "POST", target: "/v1/replicas/successor-waits", from: "10.9.0.2:1", body: `{}`, status: 400, want: "not a leader that waits"},
		"a replica that says too much":       {method: "POST", target: "/v1/replicas/stepdown", from: "10.9.0.2:1", body: `{"pod":"` + strings.Repeat("x", 9000) + `"}`, status: 400, want: "not a step-down"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newTestCluster(t, 2)
				request := httptest.NewRequestWithContext(t.Context(), test.method, test.target, strings.NewReader(test.body))
				if request.RemoteAddr = test.from; test.from == "" {
					request.RemoteAddr = "10.1.0.1:1"
				}
				recorder := httptest.NewRecorder()
				w.replicas[0].Handler().ServeHTTP(recorder, request)
				if got := strings.TrimSpace(recorder.Body.String()); recorder.Code != test.status || got != test.want {
					t.Errorf("got %d: %s\nwant %d: %s", recorder.Code, got, test.status, test.want)
				}
			})
		})
	}
}

func TestOneAddressIsLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTestCluster(t, 1)
		var wg sync.WaitGroup
		for range waitingAtOnce {
			wg.Go(func() { call[me](t, w.replicas[0], "b", http.MethodGet, "/v1/me?wait=1s") })
		}
		synctest.Wait()
		if _, status := call[me](t, w.replicas[0], "b", http.MethodGet, "/v1/me?wait=1s"); status != http.StatusTooManyRequests {
			t.Errorf("one more that waits is answered %d", status)
		}
		wg.Wait()
		<-time.After(10 * time.Second)
		for i := range requestsAtOnce + 1 {
			_, status := call[me](t, w.replicas[0], "b", http.MethodGet, "/v1/me")
			if refused := status == http.StatusTooManyRequests; refused != (i == requestsAtOnce) {
				t.Fatalf("request %d is answered %d", i, status)
			}
		}
		if ask(t, w.replicas[0], "a").ValidForMilliseconds == 0 {
			t.Error("another pod gets no grant")
		}
	})
}
