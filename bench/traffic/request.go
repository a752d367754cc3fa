package traffic

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

// sendKind sends the requests of one kind, each in a goroutine of its own, and returns when all have ended.
func sendKind(ctx context.Context, config Config, began time.Time, kind requestKind, client *http.Client, outcomes chan<- outcome) {
	defer client.CloseIdleConnections()
	var underWay sync.WaitGroup
	defer underWay.Wait()
	when, most := config.schedule(kind, began)
	when.run(ctx, most, func(due time.Time) {
		underWay.Go(func() {
			failure, ended := sendRequest(ctx, client, config.URL, due), time.Now()
			if ctx.Err() == nil { // Otherwise the end of the client cut the request short.
				outcomes <- outcome{kind: kind, at: ended, latency: ended.Sub(due), failure: failure}
			}
		})
	})
}

// newClient returns the client for one kind of request. A kept connection takes one request at a time: while it waits for an answer, further
// requests open connections of their own, of which the first that gets free is kept, as in the pools of most applications.
//
// Dialing has a timeout of its own because Go lets a connection attempt outlive its request: an attempt to reach a pod that is gone would go
// on for two minutes.
func newClient(kind requestKind, connect dial) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DisableKeepAlives:   kind == freshRequest,
			MaxIdleConnsPerHost: 1,
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				ctx, cancel := context.WithTimeout(ctx, requestTimeout)
				defer cancel()
				return connect(ctx, network, address)
			},
		},
		// A redirect is an answer.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// sendRequest returns how a request failed that was due at a time, or empty for an answer with a status below 500.
func sendRequest(ctx context.Context, client *http.Client, url string, due time.Time) string {
	deadline := due.Add(requestTimeout)
	if !time.Now().Before(deadline) {
		return "late" // This process did not run in time. That is no fault of the server.
	}
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "other"
	}
	response, err := client.Do(request)
	if err != nil {
		return failureOf(err)
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return failureOf(err)
	}
	if response.StatusCode >= http.StatusInternalServerError {
		return "status"
	}
	return ""
}

// failureOf returns the kind of an error, one of a few words.
func failureOf(err error) string {
	var timeout net.Error
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, syscall.ECONNRESET):
		return "reset"
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return "closed"
	}
	return "other"
}
