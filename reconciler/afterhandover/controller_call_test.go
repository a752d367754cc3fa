package afterhandover

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"
)

// application answers the calls of a fixture with these statuses, in their order; then with 200.
type application struct {
	answers []int
	// calls are the address and the term of each.
	calls []string
}

// RoundTrip implements http.RoundTripper.
func (a *application) RoundTrip(request *http.Request) (*http.Response, error) {
	a.calls = append(a.calls, request.URL.String()+" in term "+request.Header.Get(termHeader))
	answer := &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Location": {"http://10.1.0.99/"}}, Body: http.NoBody, Request: request}
	if len(a.answers) > 0 {
		answer.StatusCode, a.answers = a.answers[0], a.answers[1:]
	}
	return answer, nil
}

func TestACall(t *testing.T) {
	const (
		url    = "http://10.1.0.1:8080/handed-over"
		call   = url + " in term 6"
		told   = "tanist.dev/after-handover: /handed-over; pod a1 led before b2 (term 6)"
		failed = "Warning AfterHandoverFailed " + told + " and the call failed, so connections may stay on it: POST " + url + " was answered with "
	)
	cases := map[string]struct {
		after   string
		answers []int
		calls   []string
		outcome string
		event   string
	}{
		"it succeeds": {
			calls: []string{call}, outcome: "done", event: "Normal OldLeaderCalled " + told + ": POST " + url + " was answered with 200 OK",
		},
		"it succeeds later": {
			answers: []int{http.StatusServiceUnavailable}, calls: []string{call, call}, outcome: "done",
			event: "Normal OldLeaderCalled " + told + ": POST " + url + " was answered with 200 OK",
		},
		"there is no such path": {answers: []int{http.StatusNotFound}, calls: []string{call}, outcome: "failed", event: failed + "404 Not Found"},
		"a redirect": {
			answers: []int{http.StatusTemporaryRedirect}, calls: []string{call}, outcome: "failed",
			event: failed + "307 Temporary Redirect, and no redirect is followed",
		},
		"there is no such port": {
			after: ":admin/handed-over", outcome: "failed",
			event: "Warning AfterHandoverFailed tanist.dev/after-handover: :admin/handed-over; pod a1 led before b2 (term 6) and the call failed, " +
				`so connections may stay on it: no container has a port named "admin" with protocol TCP`,
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			inBubble(t, cmp.Or(test.after, "/handed-over"), func(f *fixture) {
				a := &application{answers: test.answers}
				f.caller.Transport = a
				f.run(time.Minute)
				f.run(time.Minute) // once for each term
				if !slices.Equal(a.calls, test.calls) {
					t.Errorf("got calls %q, want %q", a.calls, test.calls)
				}
				f.ends(0, "call", test.outcome, test.event)
			})
		})
	}
}

// TestACallMayBeRepeatedAfterARestart with the same term, by which the application knows it. Later, it is old news.
func TestACallMayBeRepeatedAfterARestart(t *testing.T) {
	for after, want := range map[time.Duration]int{10 * time.Second: 2, time.Minute: 1} {
		t.Run(fmt.Sprint(after), func(t *testing.T) {
			inBubble(t, "/handed-over", func(f *fixture) {
				a := &application{}
				f.caller.Transport = a
				f.run(after)
				<-time.After(after)
				f.memory = memory{}
				f.run(after)
				if len(a.calls) != want || a.calls[0] != a.calls[want-1] {
					t.Errorf("got %q, want %d equal ones", a.calls, want)
				}
			})
		})
	}
}
