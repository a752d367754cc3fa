package cluster

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

// interval is how often "up" says that it goes on while no step is done.
const interval = 10 * time.Second

// steps returns a function that writes a line with the seconds since now. Until end is called or ctx ends, it also says from time to
// time that there is more to come.
func steps(ctx context.Context, out io.Writer) (step func(string), end func()) {
	var mu sync.Mutex
	started := time.Now()
	step = func(what string) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(out, "%5.1fs %s\n", time.Since(started).Seconds(), what)
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				step("still starting")
			case <-ctx.Done():
				return
			}
		}
	}()
	return step, func() {
		cancel()
		<-ended
	}
}
