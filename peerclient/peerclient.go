// Package peerclient has the HTTP client with which a replica of Tanist asks the others.
package peerclient

import (
	"net"
	"net/http"
	"time"
)

// IdleTimeout is how long an unused connection to another replica is kept. Servers of replicas must keep it for longer: if the server closed a
// connection on which a request is about to be sent, the request would fail.
const IdleTimeout = 15 * time.Second

// New returns a client that keeps one connection to each replica. Attempts to connect end after the timeout, which is also the one that the caller
// should set for each request: net/http would otherwise continue with an attempt when the request is over, so that a dead replica would
// cost more than one at a time.
func New(timeout time.Duration) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext:            (&net.Dialer{Timeout: timeout}).DialContext,
			MaxResponseHeaderBytes: 4 << 10,
			MaxIdleConnsPerHost:    1,
			IdleConnTimeout:        IdleTimeout,
			DisableCompression:     true,
		},
		// A replica does not redirect. What does is no replica, and must not choose whom Tanist connects to.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
