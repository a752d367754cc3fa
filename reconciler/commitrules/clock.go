package commitrules

import (
	"net/http"
	"sync"
	"time"
)

// Clock tells the API server's time: that of the own clock, corrected by the Date header of the API server's answers. With it, replicas
// whose clocks differ decide the same, to within a second. The header is no more exact than that.
type Clock struct {
	mu sync.Mutex
	// least and most are the bounds of what has to be added to the own clock, according to the answers since began.
	least, most time.Duration
	began       time.Time
}

// clockWindow is how long the bounds are kept, because clocks drift, and jump when they are set.
const clockWindow = time.Minute

// Now returns the API server's time. Before the first answer, and while the answers agree with the own clock, that is the own clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.correction())
}

// correction returns the smallest correction within the bounds, so that a clock that agrees is not corrected. The caller holds mu.
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

// Wrap returns a transport from whose answers the clock learns.
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
			t.clock.observe(sent, date, time.Now())
		}
	}
	return response, err
}

// observe records an answer: between sent and received, the API server's clock showed a time within the second that begins with date.
func (c *Clock) observe(sent, date, received time.Time) {
	// Round removes the monotonic clock reading, because wall clocks are compared.
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
