package webhook

import (
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/http2raw"
)

// TestCallsThatNothingProvesAreLimitedTogether: the API server, which can prove itself, is served meanwhile.
func TestCallsThatNothingProvesAreLimitedTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newSlowFront(t, nil, callsWith(testSecret)...)
		call := func(path string) (status int, aborted bool) {
			defer func() {
				err, _ := recover().(error)
				aborted = errors.Is(err, http.ErrAbortHandler)
			}()
			recorder := httptest.NewRecorder()
			f.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader("x")))
			return recorder.Code, false
		}
		for range maxUnproven {
			f.unproven <- struct{}{}
		}
		for _, path := range []string{"/unknown", config.PathDepartures, "/" + otherSecret + config.PathDepartures} {
			if status, aborted := call(path); !aborted {
				t.Errorf("%s: answered with %d, want no answer", path, status)
			}
		}
		if status, aborted := call("/" + testSecret + config.PathDepartures); status != http.StatusOK || aborted {
			t.Errorf("the API server got %d (aborted: %t)", status, aborted)
		}
		<-f.unproven
		if status, aborted := call("/unknown"); status != http.StatusNotFound || aborted {
			t.Errorf("with room for one more call: %d (aborted: %t)", status, aborted)
		}
		if got := len(f.unproven); got != maxUnproven-1 {
			t.Errorf("%d calls count, want %d", got, maxUnproven-1)
		}
	})
}

// TestAnAnswerThatNobodyReadsCounts: with HTTP/2, a client can forbid the server to send.
func TestAnAnswerThatNobodyReadsCounts(t *testing.T) {
	f := newSlowFront(t, nil, callsWith(testSecret)...)
	server := httptest.NewUnstartedServer(f)
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()

	conn, err := tls.Dial("tcp", server.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{http2.NextProtoTLS}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := http2raw.BeginUnread(conn, "/unknown", 1); err != nil {
		t.Fatal(err)
	}
	framer := http2.NewFramer(nil, conn)
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		if frame.Header().Type == http2.FrameHeaders {
			break // the rest of the answer waits
		}
	}
	if got := len(f.unproven); got != 1 {
		t.Errorf("%d calls count, want 1", got)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	await(t, "its end", func() bool { return len(f.unproven) == 0 })
}

// TestAStrangersConnectionEnds: how often one can begin another is limited, so that is how often it can call.
func TestAStrangersConnectionEnds(t *testing.T) {
	server := httptest.NewUnstartedServer(newFronted(t, fakeServices{}, callsWith(testSecret)...).handler)
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	// reused reports whether a call uses the connection of the one before.
	reused := func(path string) (reused bool) {
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { reused = info.Reused }})
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+path, strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		response, err := server.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		return reused
	}
	server.Client().Timeout = time.Minute
	proven, wrong := "/"+testSecret+config.PathDepartures, "/"+otherSecret+config.PathDepartures
	for i, call := range []struct {
		path string
		want bool
	}{{proven, false}, {proven, true}, {wrong, true}, {wrong, false}, {"/unknown", false}, {proven, false}, {proven, true}} {
		if got := reused(call.path); got != call.want {
			t.Errorf("call %d, of %s: reused the connection: %t, want %t", i, call.path, got, call.want)
		}
	}
}

// await polls a condition that no channel reports.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); {
		if time.Now().After(deadline) {
			t.Fatalf("waited a minute in vain for %s", what)
		}
		<-time.After(time.Millisecond)
	}
}
