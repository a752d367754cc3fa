package traffic

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

// Meter collects the windows of one client and returns what the client saw between two moments of a run.
type Meter struct {
	mu      sync.Mutex
	windows []Window
	// failed is why no more windows come.
	failed error
	// changed is closed and replaced when a window comes, or when no more will.
	changed chan struct{}
}

// errEnded means that the client has ended or can no longer be read.
var errEnded = errors.New("the traffic client sends no more windows")

// NewMeter returns a Meter without windows.
func NewMeter() *Meter {
	return &Meter{changed: make(chan struct{})}
}

// Send runs the client in this process until ctx or the bounds of config end.
func (m *Meter) Send(ctx context.Context, config Config) {
	m.fail(cmp.Or(Send(ctx, config, m.add), errEnded))
}

// add appends a window, unless it was read before, over a connection that broke.
func (m *Meter) add(window Window) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.windows) == 0 || window.Number > m.windows[len(m.windows)-1].Number {
		m.windows = append(m.windows, window)
		m.broadcast()
	}
	return nil
}

// fail notes that no more windows come.
func (m *Meter) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failed = err
	m.broadcast()
}

func (m *Meter) broadcast() {
	close(m.changed)
	m.changed = make(chan struct{})
}

// read adds the windows in a client's output, one per line, until it ends. It skips lines that are no windows, such as a warning, and returns
// an error with the first of them. It ignores a last line without an end: the connection broke within it, or more of it is to come.
func (m *Meter) read(output io.Reader) error {
	var unreadable error
	for lines := bufio.NewReader(output); ; {
		line, err := lines.ReadBytes('\n')
		switch {
		case errors.Is(err, io.EOF):
			return unreadable
		case err != nil:
			return cmp.Or(unreadable, err)
		}
		var window Window
		if err := json.Unmarshal(line, &window); err != nil {
			unreadable = cmp.Or(unreadable, fmt.Errorf("failed to read the traffic client's output %q: %w", bytes.TrimSpace(line), err))
			continue
		}
		if err := m.add(window); err != nil {
			return err
		}
	}
}

// Mark returns how many windows there are.
func (m *Meter) Mark() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.windows)
}

// AwaitFlow waits until a request of each kind has succeeded.
func (m *Meter) AwaitFlow(ctx context.Context) error {
	return m.await(ctx, func() bool {
		totals := sum(m.windows)
		return totals.Fresh.OK > 0 && totals.Kept.OK > 0
	})
}

// LastWindows is how many windows end after a moment until one can be sure that all requests are counted which were due by then: the window
// of that moment, one of requestTimeout's length, and another one, because the request that was due last may end with it.
const LastWindows = 3

// Since returns the totals of all windows after a mark. It first waits until all requests that are due by now are included.
func (m *Meter) Since(ctx context.Context, mark int) (Totals, error) {
	now := m.Mark()
	err := m.await(ctx, func() bool { return len(m.windows) >= now+LastWindows })
	m.mu.Lock()
	defer m.mu.Unlock()
	return sum(m.windows[mark:]), err
}

// await calls enough with the lock held, at once and after each change, until it returns true or no more windows come.
func (m *Meter) await(ctx context.Context, enough func() bool) error {
	for {
		m.mu.Lock()
		done, failed, changed := enough(), m.failed, m.changed
		m.mu.Unlock()
		switch {
		case done:
			return nil
		case failed != nil:
			return failed
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
