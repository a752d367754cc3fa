package afterhandover

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// asked is what a request said.
type asked struct{ Method, Path, Term, Leader, Type, Agent, Body string }

func TestPost(t *testing.T) {
	got := make(chan asked, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- asked{r.Method, r.URL.Path, r.Header.Get("Tanist-Term"), r.Header.Get("Tanist-Leader"), r.Header.Get("Content-Type"), r.UserAgent(), string(body)}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	status, err := post(t.Context(), newCaller(), server.URL+"/v1/db:demote", inputOf(calling).handover())
	if err != nil || status != http.StatusNoContent {
		t.Fatalf("got %d, %v", status, err)
	}
	want := asked{
		Method: http.MethodPost, Path: "/v1/db:demote", Term: "6", Leader: "b2", Type: "application/json", Agent: "tanist",
		Body: `{"namespace":"shop","service":"web","term":6,"leader":"b2","oldLeader":"a1","oldLeaderUID":"a1-uid","reason":"NodeGoing"}`,
	}
	if diff := cmp.Diff(want, <-got); diff != "" {
		t.Errorf("unexpected request (-want +got):\n%s", diff)
	}
}

// TestPostGoesNowhereElse: a pod that is called must not make Tanist call something else, read much, or wait for long.
func TestPostGoesNowhereElse(t *testing.T) {
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	var served atomic.Int64
	cases := map[string]struct {
		answer http.HandlerFunc
		want   int
		fails  string
	}{
		"a redirect": {
			answer: func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
			},
			want: http.StatusTemporaryRedirect,
		},
		"an endless body": {
			answer: func(w http.ResponseWriter, r *http.Request) {
				for piece := []byte(strings.Repeat("x", 64<<10)); r.Context().Err() == nil && served.Load() < 1<<30; {
					n, err := w.Write(piece)
					if served.Add(int64(n)); err != nil {
						return
					}
				}
			},
			want: http.StatusOK,
		},
		"a header that is too long": {
			answer: func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 64<<10)) },
			fails:  "server response headers exceeded",
		},
		"no answer": {
			answer: func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body); <-r.Context().Done() },
			fails:  "deadline exceeded",
		},
		"a connection that ends": {
			answer: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			fails:  "EOF",
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(test.answer)
			defer server.Close()
			status, err := post(t.Context(), newCaller(), server.URL, inputOf(calling).handover())
			if status != test.want || (err == nil) != (test.fails == "") || err != nil && !strings.Contains(err.Error(), test.fails) {
				t.Errorf("got %d and error %v, want %d and one that says %q", status, err, test.want, test.fails)
			}
		})
	}
	if elsewhere.Load() > 0 {
		t.Error("a redirect was followed")
	}
	if n := served.Load(); n >= 1<<30 {
		t.Errorf("%d bytes of a body were taken", n)
	}
}

func TestAnswered(t *testing.T) {
	for status, want := range map[int]result{
		200: resultDone, 202: resultDone, 204: resultDone,
		301: resultFailed, 307: resultFailed, 304: resultFailed,
		400: resultFailed, 404: resultFailed, 405: resultFailed, 413: resultFailed,
		408: resultAgain, 425: resultAgain, 429: resultAgain, 500: resultAgain, 503: resultAgain, 599: resultAgain,
		101: resultFailed,
	} {
		if got, text := answered("http://10.1.0.1/a", status, nil); got != want || !strings.HasPrefix(text, "POST http://10.1.0.1/a was answered with ") {
			t.Errorf("%d: got %s, %q; want %s", status, got, text, want)
		}
	}
	if got, text := answered("http://10.1.0.1/a", 0, io.ErrUnexpectedEOF); got != resultAgain || text != "unexpected EOF" {
		t.Errorf("without an answer: got %s, %q", got, text)
	}
}
