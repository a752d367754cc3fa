package traffic

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// MaxRate is the limit, not included, of new connections per second from one client address. From there on, source ports are reused
// while a node's conntrack table still maps them to a pod that is gone (Linux: for 120 seconds after a connection has ended, in which
// this rate takes 24,000 ports), and the client itself causes the failures that it sees.
const MaxRate = 200

const (
	// freshPerKept is how many requests open a connection for each one that uses a kept connection.
	freshPerKept = 4
	// requestTimeout is how long after it was due a request fails if it was not answered.
	requestTimeout = time.Second
	// windowLength is how often a client emits a window.
	windowLength = time.Second
)

// Config is what a client sends.
type Config struct {
	// URL is where requests go.
	URL string
	// Rate is how many requests per second open a connection each, below MaxRate. A quarter as many use a connection that is kept.
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

// schedule returns when requests of a kind are due, if the client began at a time, and how many there are at most.
func (c Config) schedule(kind requestKind, began time.Time) (s schedule, most int) {
	const all = freshPerKept + 1
	if kind == keptRequest {
		return schedule{began: began, requests: c.Rate, period: freshPerKept * time.Second}, c.MaxRequests/all + 1
	}
	return schedule{began: began, requests: c.Rate, period: time.Second}, c.MaxRequests*freshPerKept/all + 1
}

// outcome is one request that ended.
type outcome struct {
	kind requestKind
	at   time.Time
	// latency is the time from when the request was due, not from when it was sent.
	latency time.Duration
	failure string
}

// Send sends requests until the bounds of config or ctx end. It calls emit with a window about once a second and with the last one. An
// error of emit ends it, too, and is returned. Requests are sent at a constant rate, whether or not earlier ones were answered, so a server
// that does not answer for a while fails as many as its users would have sent meanwhile.
func Send(ctx context.Context, config Config, emit func(Window) error) error {
	return send(ctx, config, systemDialers(), emit)
}

func send(ctx context.Context, config Config, connect dialers, emit func(Window) error) error {
	ctx, cancel := context.WithTimeout(ctx, config.MaxTime)
	defer cancel()
	outcomes, began := make(chan outcome), time.Now()
	var running sync.WaitGroup
	for kind, connect := range connect {
		running.Go(func() { sendKind(ctx, config, began, kind, newClient(kind, connect), outcomes) })
	}
	go func() {
		running.Wait()
		close(outcomes)
	}()
	err := emitWindows(began, outcomes, emit)
	cancel()
	for range outcomes { // A request with one more outcome must not block forever.
		continue
	}
	return err
}

// emitWindows turns outcomes into windows until there are no more.
func emitWindows(began time.Time, outcomes <-chan outcome, emit func(Window) error) error {
	counts := newTally(began)
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
			counts.add(o)
		}
	}
}
