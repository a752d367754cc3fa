//go:build integration

package integration_test

import (
	"io"
	"net/http"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tanist-dev/tanist/cmd/tanist/app"
	"github.com/tanist-dev/tanist/config"
)

// Each replica has its own network. Its faults make replicas see the same cluster differently.

// delay is how long a byte of a watch takes to arrive. It can change while the watch is read.
type delay struct{ nanoseconds atomic.Int64 }

func (d *delay) set(to time.Duration) { d.nanoseconds.Store(int64(to)) }

func (d *delay) get() time.Duration { return time.Duration(d.nanoseconds.Load()) }

// delayed returns the body of a watch whose events arrive later, in order. The delays of several events do not add up.
func (n *network) delayed(url string, body io.ReadCloser) io.ReadCloser {
	delay := map[string]*delay{
		"pods": &n.delay.pods, "services": &n.delay.services, "endpointslices": &n.delay.slices,
	}[path.Base(url)]
	if delay == nil {
		return body
	}
	line := &delayLine{body: body, delay: delay, chunks: make(chan chunk, 1024), closed: make(chan struct{})}
	go line.fill()
	return line
}

// chunk is what one read of a body returned, and when it arrives.
type chunk struct {
	data []byte
	due  time.Time
	err  error
}

type delayLine struct {
	body   io.ReadCloser
	delay  *delay
	chunks chan chunk
	head   chunk
	closed chan struct{}
	close  sync.Once
}

// fill reads the body until it ends.
func (l *delayLine) fill() {
	for {
		buffer := make([]byte, 32<<10)
		n, err := l.body.Read(buffer)
		select {
		case l.chunks <- chunk{data: buffer[:n], due: time.Now().Add(l.delay.get()), err: err}:
		case <-l.closed:
			return
		}
		if err != nil {
			return
		}
	}
}

// Read waits until the next bytes are due. Only one caller reads.
func (l *delayLine) Read(p []byte) (int, error) {
	for len(l.head.data) == 0 {
		if l.head.err != nil {
			return 0, l.head.err
		}
		select {
		case l.head = <-l.chunks:
		case <-l.closed:
			return 0, errCut
		}
		select {
		case <-time.After(time.Until(l.head.due)):
		case <-l.closed:
			return 0, errCut
		}
	}
	n := copy(p, l.head.data)
	l.head.data = l.head.data[n:]
	return n, nil
}

func (l *delayLine) Close() error {
	l.close.Do(func() { close(l.closed) })
	return l.body.Close()
}

// skewDate shifts the time that the API server's answer says.
func (n *network) skewDate(response *http.Response) {
	skew := time.Duration(n.skew.Load()) * time.Second
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil && skew != 0 {
		response.Header.Set("Date", date.Add(skew).UTC().Format(http.TimeFormat))
	}
}

// blinded changes a request for the tuning, by its name or by a field selector, into one for a ConfigMap that does not exist.
func (n *network) blinded(request *http.Request) *http.Request {
	if !n.blind.Load() || !strings.Contains(request.URL.Path, "/configmaps") {
		return request
	}
	const other = "no-" + config.TuningConfigMap
	request = request.Clone(request.Context())
	request.URL.Path = strings.ReplaceAll(request.URL.Path, "/"+config.TuningConfigMap, "/"+other)
	request.URL.RawQuery = strings.ReplaceAll(request.URL.RawQuery, config.TuningConfigMap, other)
	for header := range request.Header { // Tanist's account has no right to read that one
		if strings.HasPrefix(header, "Impersonate-") {
			request.Header.Del(header)
		}
	}
	return request
}

func TestEventsOfADelayedWatchArriveLaterAndInOrder(t *testing.T) {
	n := &network{}
	n.delay.pods.set(50 * time.Millisecond)
	reader, writer := io.Pipe()
	body := n.delayed("/api/v1/pods", reader)
	began := time.Now()
	go func() {
		for _, text := range []string{"a", "bc", "d"} {
			_, _ = writer.Write([]byte(text))
		}
		_ = writer.Close()
	}()
	got, err := io.ReadAll(body)
	if err != nil || string(got) != "abcd" {
		t.Errorf("got %q, %v", got, err)
	}
	if took := time.Since(began); took < 50*time.Millisecond {
		t.Errorf("it took %s", took)
	}
	if other := n.delayed("/api/v1/nodes", reader); other != io.ReadCloser(reader) {
		t.Errorf("nodes are delayed")
	}
}

func TestAReadOfADelayedWatchEndsWhenItIsClosed(t *testing.T) {
	n := &network{}
	n.delay.services.set(time.Hour)
	reader, writer := io.Pipe()
	body := n.delayed("/api/v1/services", reader)
	go func() { _, _ = writer.Write([]byte("a")) }()
	ended := make(chan error)
	go func() {
		_, err := body.Read(make([]byte, 1))
		ended <- err
	}()
	if err := body.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err == nil {
		t.Error("it ended without an error")
	}
}

func TestADateIsSkewed(t *testing.T) {
	n := &network{}
	n.skew.Store(-10)
	response := &http.Response{Header: http.Header{"Date": {"Mon, 02 Mar 2026 12:00:05 GMT"}}}
	n.skewDate(response)
	if got := response.Header.Get("Date"); got != "Mon, 02 Mar 2026 11:59:55 GMT" {
		t.Errorf("got %s", got)
	}
}

// TestABlindReplicaWorksByTheDefaults: a blind replica finds no tuning, another replica of the same installation does.
func TestABlindReplicaWorksByTheDefaults(t *testing.T) {
	installation := newTanist(t)
	const tuned = "election: {handoverOnCordon: false}"
	installation.tune(tuned)
	n := &network{}
	n.blind.Store(true)
	blind := installation.startBehind(n, app.Options{})
	installation.start().isTuned(tuned)
	blind.isTuned("")
}
