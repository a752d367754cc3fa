//go:build integration

package integration_test

import (
	"errors"
	"io"
	"net/http"
	"path"
	"sync"
	"sync/atomic"
)

// network is the network between a replica and the API server.
type network struct {
	// direct leaves out everything below. What delays watches takes several times the memory of an informer.
	direct bool
	// through, if any, is what carries all of it.
	through *relay

	mu sync.Mutex
	// down is true while nothing gets through.
	down bool
	// open are the answers that are still being read, which are watches.
	open map[*body]bool

	// pods, slices and leases hold back the events of their kind while a test holds them.
	pods, slices, leases sync.Mutex
	// delay is how much later events of these resources arrive.
	delay struct{ pods, slices, services delay }
	// skew is how many seconds the API server's clock is ahead, as the replica sees it.
	skew atomic.Int64
	// blind is true while the replica does not find the tuning, and so uses the defaults.
	blind atomic.Bool
	// tap, if any, is called before each request is sent. It may delay the request, and returns whether the API server is overloaded.
	tap atomic.Pointer[func(*http.Request) (overloaded bool)]
	// answered, if any, is called when a request has been carried out. It may delay the answer, or lose it: when the request's context ends.
	answered atomic.Pointer[func(*http.Request)]
}

var errCut = errors.New("the network is cut")

// cut stops all traffic, and ends the watches.
func (n *network) cut() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = true
	for body := range n.open {
		_ = body.ReadCloser.Close()
	}
}

func (n *network) mend() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = false
}

func (n *network) isCut() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.down
}

func (n *network) wrap(next http.RoundTripper) http.RoundTripper {
	return wire{next, n}
}

type wire struct {
	next    http.RoundTripper
	network *network
}

// RoundTrip loses the answer if the network is cut before it arrives. The request has been carried out then.
func (w wire) RoundTrip(request *http.Request) (*http.Response, error) {
	if w.network.isCut() {
		return nil, errCut
	}
	if tap := w.network.tap.Load(); tap != nil && (*tap)(request) {
		return &http.Response{
			StatusCode: http.StatusServiceUnavailable, Status: "503 Service Unavailable", Request: request,
			Header: http.Header{}, Body: http.NoBody,
		}, nil
	}
	response, err := w.next.RoundTrip(w.network.blinded(request))
	if err != nil {
		return nil, err
	}
	w.network.skewDate(response)
	if answered := w.network.answered.Load(); answered != nil {
		(*answered)(request)
		if err := request.Context().Err(); err != nil {
			_ = response.Body.Close()
			return nil, err
		}
	}
	w.network.mu.Lock()
	defer w.network.mu.Unlock()
	if w.network.down {
		_ = response.Body.Close()
		return nil, errCut
	}
	b := &body{ReadCloser: response.Body, network: w.network}
	if request.URL.Query().Get("watch") != "" {
		b.ReadCloser = w.network.delayed(request.URL.Path, response.Body)
		b.lag = map[string]*sync.Mutex{
			"pods": &w.network.pods, "endpointslices": &w.network.slices, "leases": &w.network.leases,
		}[path.Base(request.URL.Path)]
	}
	if w.network.open == nil {
		w.network.open = map[*body]bool{}
	}
	w.network.open[b] = true
	response.Body = b
	return response, nil
}

type body struct {
	io.ReadCloser
	network *network
	// lag is held while events are held back; nil where they never are.
	lag *sync.Mutex
}

// Read waits with what it has read until no test holds the lag.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.lag != nil {
		b.lag.Lock()
		defer b.lag.Unlock()
	}
	return n, err
}

func (b *body) Close() error {
	b.network.mu.Lock()
	delete(b.network.open, b)
	b.network.mu.Unlock()
	return b.ReadCloser.Close()
}
