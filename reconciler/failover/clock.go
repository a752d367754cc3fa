package failover

import (
	"net/http"
	"sync"
	"time"
)

// Clock tells the API server's time: the own clock, corrected by the Date header of the API server's answers. Replicas whose clocks
// differ come to the same decisions by it, to within a second, which is as exact as the header is.
type Clock struct {
	mu sync.Mutex
	// least and most are the bounds of what has to be added to the own clock, by the answers since began.
	least, most time.Duration
	began       time.Time
}

// clockWindow is how long bounds are believed: clocks drift, and jump when they are set.
const clockWindow = time.Minute

// Now returns the API server's time; the own clock's before the first answer, and while that is as good as any.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.correction())
}

// correction is the smallest one within the bounds, so that two clocks that agree are left alone. The caller holds mu.
func (c *Clock) correction() time.Duration {
	switch {
	case c.least > 0:
		return c.least
	case c.most < 0:
		return c.most
	default:
		return 0
	}
}

// Wrap makes the clock learn from the answers that a transport brings.
func (c *Clock) Wrap(next http.RoundTripper) http.RoundTripper {
	return clockTransport{next, c}
}

type clockTransport struct {
	http.RoundTripper
	clock *Clock
}

func (t clockTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	sent := time.Now()
	response, err := t.RoundTripper.RoundTrip(request)
	if err == nil {
		if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
			t.clock.learn(sent, date, time.Now())
		}
	}
	return response, err
}

// learn takes in an answer: between sent and received, the API server's clock showed a time within the second that begins with date.
func (c *Clock) learn(sent, date, received time.Time) {
	// Wall clocks are compared, which a monotonic reading has no part in.
	least, most := date.Sub(received.Round(0)), date.Add(time.Second).Sub(sent.Round(0))
	c.mu.Lock()
	defer c.mu.Unlock()
	fresh := !c.began.IsZero() && received.Sub(c.began) < clockWindow
	if least, most := max(c.least, least), min(c.most, most); fresh && least <= most {
		c.least, c.most = least, most
		return
	}
	c.least, c.most, c.began = least, most, received
}
