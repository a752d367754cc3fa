package notify

import (
	"context"
	"sync"
	"time"
)

// after calls a function in a goroutine of its own, when a time has passed or the context has ended. Until then it takes no goroutine: a replica that
// begins to hold the Lease may have tens of thousands of Events that wait for a limit.
func after(ctx context.Context, wait time.Duration, do func()) {
	if wait <= 0 {
		go do()
		return
	}
	d := &deferred{do: do}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.timer = time.AfterFunc(wait, d.begin)
	d.forget = context.AfterFunc(ctx, d.begin)
}

// deferred is a function that is called later.
type deferred struct {
	do func()

	mu    sync.Mutex
	begun bool
	// timer and forget are set before begin can go on. forget makes the context forget the function.
	timer  *time.Timer
	forget func() bool
}

// begin calls the function, unless it has been called.
func (d *deferred) begin() {
	d.mu.Lock()
	again := d.begun
	d.begun = true
	d.mu.Unlock()
	if again {
		return
	}
	d.timer.Stop()
	d.forget()
	d.do()
}
