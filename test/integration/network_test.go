//go:build integration

package integration_test

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
)

// network is what lies between a replica and the API server.
type network struct {
	mu sync.Mutex
	// down is set while nothing gets through.
	down bool
	// open are the answers that are still being read: the watches.
	open map[*body]bool

	// pods and slices are held while what arrives about those is held up.
	pods, slices sync.Mutex
	// delay is how long what arrives about these resources takes.
	delay struct{ pods, slices, services delay }
	// skew, in seconds, is what the API server's clock is ahead by, as the replica sees it.
	skew atomic.Int64
	// blind is set while the replica does not find the tuning, and so works by other rules than the rest.
	blind atomic.Bool
	// tap, if there is one, sees each request before it is sent, may hold it up, and says whether the API server is overloaded.
	tap atomic.Pointer[func(*http.Request) (overloaded bool)]
	// answered, if there is one, sees each request once it has been carried out, and may hold up its answer.
	answered atomic.Pointer[func(*http.Request)]
}

var errCut = errors.New("the network is cut")

// cut lets nothing through any longer, and ends what is under way.
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

// RoundTrip loses the answer when the network is cut while it is on its way, although the request has been carried out.
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
			"/api/v1/pods": &w.network.pods, "/apis/discovery.k8s.io/v1/endpointslices": &w.network.slices,
		}[request.URL.Path]
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
	// lag is held while what arrives is held up; nil for what never is.
	lag *sync.Mutex
}

// Read holds back what has arrived for as long as the lag lasts.
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
