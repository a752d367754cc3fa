package traffic

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

// MaxRate is the limit, not included, of new connections per second from one client address. From there on, source ports are reused
// while a node's conntrack table still maps them to a pod that is gone (Linux: for 120 seconds after a connection has ended, in which
// this rate takes 24,000 ports), and the client itself causes the failures that it sees.
const MaxRate = 200

const (
	// workers is how many workers open new connections in parallel; one more keeps its connection.
	workers = 4
	// requestTimeout is how long one request may take.
	requestTimeout = time.Second
	// windowLength is how often a client emits a window.
	windowLength = time.Second
)

// Config is what a client sends.
type Config struct {
	// URL is where requests go.
	URL string
	// Rate is how many new connections per second all workers open together, below MaxRate. One more worker sends requests on a
	// connection that it keeps, at the rate of one of them.
	Rate int
	// MaxRequests and MaxTime end the client, even when nobody stops it, as when bench was killed. Neither may be zero.
	MaxRequests int
	MaxTime     time.Duration
}

// DefaultConfig returns the configuration without a URL.
func DefaultConfig() Config {
	return Config{Rate: 150, MaxRequests: 3_000_000, MaxTime: 4 * time.Hour}
}

// Validate returns the first setting that is wrong, by its flag.
func (c Config) Validate() error {
	switch {
	case c.URL == "":
		return errors.New("--url must not be empty")
	case c.Rate < 1 || c.Rate >= MaxRate:
		return fmt.Errorf("--rate must be from 1 to %d new connections per second, got %d", MaxRate-1, c.Rate)
	case c.MaxRequests < 1:
		return fmt.Errorf("--max-requests must be at least 1, got %d", c.MaxRequests)
	case c.MaxTime <= 0:
		return fmt.Errorf("--max-time must be longer than 0s, got %s", c.MaxTime)
	}
	return nil
}

// outcome is one request that ended.
type outcome struct {
	kind    requestKind
	at      time.Time
	failure string
}

// Send sends requests until the bounds of config or ctx end. It calls emit with a window about once a second and with the last one. An
// error of emit ends it, too, and is returned.
func Send(ctx context.Context, config Config, emit func(Window) error) error {
	return send(ctx, config, systemDialers(), emit)
}

func send(ctx context.Context, config Config, connect dialers, emit func(Window) error) error {
	ctx, cancel := context.WithTimeout(ctx, config.MaxTime)
	defer cancel()
	outcomes := make(chan outcome)
	var running sync.WaitGroup
	each := config.MaxRequests/(workers+1) + 1
	for i := range workers + 1 {
		kind := freshRequest
		if i == workers {
			kind = keptRequest
		}
		running.Go(func() {
			// Workers start one after another, so that together they notice a gap as soon as their rate allows.
			select {
			case <-time.After(time.Duration(i) * time.Second / time.Duration(config.Rate)):
				sendRequests(ctx, config, newClient(kind, connect[kind]), kind, each, outcomes)
			case <-ctx.Done():
			}
		})
	}
	go func() {
		running.Wait()
		close(outcomes)
	}()
	err := emitWindows(outcomes, emit)
	cancel()
	for range outcomes { // A worker with one more outcome must not block forever.
		continue
	}
	return err
}

// emitWindows turns outcomes into windows until there are no more.
func emitWindows(outcomes <-chan outcome, emit func(Window) error) error {
	counts := newTally(time.Now())
	ticker := time.NewTicker(windowLength)
	defer ticker.Stop()
	for {
		select {
		case now := <-ticker.C:
			if err := emit(counts.cut(now)); err != nil {
				return err
			}
		case o, open := <-outcomes:
			if !open {
				return emit(counts.cut(time.Now()))
			}
			counts.add(o.kind, o.at, o.failure)
		}
	}
}

// newClient returns the client of one worker. Dialing has a timeout of its own because Go lets a connection attempt outlive its
// request: an attempt to reach a pod that is gone would take two minutes and block all later requests.
func newClient(kind requestKind, connect dial) *http.Client {
	return &http.Client{
		Timeout: requestTimeout,
		Transport: &http.Transport{
			DisableKeepAlives: kind == freshRequest,
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

// sendRequests sends one worker's requests at its rate. Requests that a slow answer delays are not made up for: they would be a burst
// of the client's own making.
func sendRequests(
	ctx context.Context, config Config, client *http.Client, kind requestKind, limit int, outcomes chan<- outcome,
) {
	defer client.CloseIdleConnections()
	ticker := time.NewTicker(workers * time.Second / time.Duration(config.Rate))
	defer ticker.Stop()
	for range limit {
		failure := sendRequest(ctx, client, config.URL)
		if ctx.Err() != nil {
			return // The end of the client cut the request short.
		}
		outcomes <- outcome{kind: kind, at: time.Now(), failure: failure}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// sendRequest returns how a request failed, or empty for an answer with a status below 500.
func sendRequest(ctx context.Context, client *http.Client, url string) string {
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
