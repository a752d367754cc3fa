package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// meter collects the windows of one traffic client and says what it saw between two moments of the run. The client's clock is
// not used: only the order in which windows arrive.
type meter struct {
	bell
	windows []Window
	// failed is why no more windows come.
	failed error
}

// errNoWindows is a client that has ended, or cannot be read any more.
var errNoWindows = errors.New("the traffic client says no more")

// add takes in a window. One that was read before, after a broken connection, is left out.
func (m *meter) add(window Window) error {
	m.Lock()
	defer m.Unlock()
	if len(m.windows) > 0 && window.Number <= m.windows[len(m.windows)-1].Number {
		return nil
	}
	m.windows = append(m.windows, window)
	m.ring()
	return nil
}

// fail says that no more windows come.
func (m *meter) fail(err error) {
	m.Lock()
	defer m.Unlock()
	m.failed = err
	m.ring()
}

// read takes in a client's output, one window per line, until it ends.
func (m *meter) read(output io.Reader) error {
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		var window Window
		if err := json.Unmarshal(lines.Bytes(), &window); err != nil {
			return fmt.Errorf("failed to read the traffic client's output %q: %w", lines.Text(), err)
		}
		if err := m.add(window); err != nil {
			return err
		}
	}
	return lines.Err()
}

// mark is the number of windows until now.
func (m *meter) mark() int {
	m.Lock()
	defer m.Unlock()
	return len(m.windows)
}

// awaitFlow waits until a request of each kind has succeeded.
func (m *meter) awaitFlow(ctx context.Context) error {
	return m.await(ctx, func() bool {
		sum := sumWindows(m.windows)
		return sum.Fresh.OK > 0 && sum.Kept.OK > 0
	})
}

// since waits until a window that began after this call has ended, and sums up all after the mark: what happened until now is
// then in it.
func (m *meter) since(ctx context.Context, mark int) (Traffic, error) {
	now := m.mark()
	err := m.await(ctx, func() bool { return len(m.windows) >= now+2 })
	m.Lock()
	defer m.Unlock()
	return sumWindows(m.windows[mark:]), err
}

func (m *meter) await(ctx context.Context, enough func() bool) error {
	var failed error
	err := m.wait(ctx, func() (bool, time.Duration) {
		done := enough()
		if !done {
			failed = m.failed
		}
		return done || failed != nil, 0
	})
	return errors.Join(err, failed)
}
