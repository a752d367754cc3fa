package traffic

import (
	"errors"
	"fmt"
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

// schedule returns the times at which requests of a kind are due, if the client began at a time, and how many there are at most.
func (c Config) schedule(kind requestKind, began time.Time) (s schedule, most int) {
	const all = freshPerKept + 1
	if kind == keptRequest {
		return schedule{began: began, requests: c.Rate, period: freshPerKept * time.Second}, c.MaxRequests/all + 1
	}
	return schedule{began: began, requests: c.Rate, period: time.Second}, c.MaxRequests*freshPerKept/all + 1
}
