package bench

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

// Bounds of a traffic client that nobody stops, such as one whose bench was killed.
const (
	trafficMaxTime     = 4 * time.Hour
	trafficMaxRequests = 3_000_000
	// trafficWorkers open new connections side by side; one more keeps its connection.
	trafficWorkers = 4
	// trafficTimeout is how long one request may take.
	trafficTimeout = time.Second
	// trafficWindow is how often a client says what it saw.
	trafficWindow = time.Second
)

// TrafficConfig says what a traffic client sends.
type TrafficConfig struct {
	// URL is where requests go.
	URL string
	// Rate is how many new connections a second all workers open together, below MaxTrafficRate. A further worker sends requests
	// on a connection it keeps, at the pace of one of them.
	Rate int
	// MaxRequests and MaxTime end the client; neither may be zero.
	MaxRequests int
	MaxTime     time.Duration
}

// DefaultTrafficConfig bounds a client at four hours and three million requests.
func DefaultTrafficConfig() TrafficConfig {
	return TrafficConfig{Rate: 150, MaxRequests: trafficMaxRequests, MaxTime: trafficMaxTime}
}

// Validate says why these settings cannot be run.
func (c TrafficConfig) Validate() error {
	switch {
	case c.URL == "":
		return errors.New("--url must not be empty")
	case c.Rate < 1 || c.Rate >= MaxTrafficRate:
		return fmt.Errorf("--rate must be from 1 to %d new connections a second, got %d", MaxTrafficRate-1, c.Rate)
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

// SendTraffic sends requests until its bounds or ctx end, and calls emit with a window about once a second and with the last
// one. An error of emit ends it, too, and is returned.
func SendTraffic(ctx context.Context, config TrafficConfig, emit func(Window) error) error {
	return sendTraffic(ctx, config, systemDialers(), emit)
}

func sendTraffic(ctx context.Context, config TrafficConfig, connect dialers, emit func(Window) error) error {
	ctx, cancel := context.WithTimeout(ctx, config.MaxTime)
	defer cancel()
	outcomes := make(chan outcome)
	var workers sync.WaitGroup
	each := config.MaxRequests/(trafficWorkers+1) + 1
	for i := range trafficWorkers + 1 {
		kind := freshRequest
		if i == trafficWorkers {
			kind = keptRequest
		}
		late := time.Duration(i) * time.Second / time.Duration(config.Rate)
		workers.Go(func() {
			// One after another, so that together they notice a gap as soon as their rate allows.
			if pause(ctx, late) == nil {
				sendRequests(ctx, config, newTrafficClient(kind, connect[kind]), kind, each, outcomes)
			}
		})
	}
	go func() {
		workers.Wait()
		close(outcomes)
	}()
	err := keepBooks(outcomes, emit)
	cancel()
	for range outcomes { // Workers that have one more to report must not wait for ever.
		continue
	}
	return err
}

// keepBooks turns outcomes into windows until there are no more.
func keepBooks(outcomes <-chan outcome, emit func(Window) error) error {
	books := newTally(time.Now())
	ticker := time.NewTicker(trafficWindow)
	defer ticker.Stop()
	for {
		select {
		case now := <-ticker.C:
			if err := emit(books.cut(now)); err != nil {
				return err
			}
		case o, open := <-outcomes:
			if !open {
				return emit(books.cut(time.Now()))
			}
			books.add(o.kind, o.at, o.failure)
		}
	}
}

// newTrafficClient is one worker's client. Go lets a connection attempt outlive the request that wanted it: without an end of
// its own, one that was sent to a pod that is gone would hang for two minutes, and every later request behind it.
func newTrafficClient(kind requestKind, connect dial) *http.Client {
	return &http.Client{
		Timeout: trafficTimeout,
		Transport: &http.Transport{
			DisableKeepAlives: kind == freshRequest,
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				ctx, cancel := context.WithTimeout(ctx, trafficTimeout)
				defer cancel()
				return connect(ctx, network, address)
			},
		},
		// A redirect is an answer.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// sendRequests sends one worker's requests at its pace. What a slow answer delays is left out, not made up for: a burst would
// be the client's own.
func sendRequests(
	ctx context.Context, config TrafficConfig, client *http.Client, kind requestKind, limit int, outcomes chan<- outcome,
) {
	defer client.CloseIdleConnections()
	ticker := time.NewTicker(trafficWorkers * time.Second / time.Duration(config.Rate))
	defer ticker.Stop()
	for range limit {
		failure := sendRequest(ctx, client, config.URL)
		if ctx.Err() != nil {
			return // The request was cut short by the client's own end.
		}
		outcomes <- outcome{kind: kind, at: time.Now(), failure: failure}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// sendRequest returns how a request failed, empty for an answer with a status below 500.
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

// failureOf names an error in one of a few words.
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
