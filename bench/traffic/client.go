package traffic

import (
	"context"
	"sync"
	"time"
)

// Send sends requests until ctx ends or a limit of config is reached. It calls emit with a window about once a second and with the last one. An
// error of emit ends it, too, and is returned. Requests are sent at a constant rate, whether or not earlier ones were answered, so a server
// that does not answer for a while fails as many as its users would have sent meanwhile.
func Send(ctx context.Context, config Config, emit func(Window) error) error {
	return send(ctx, config, systemDialers(), emit)
}

func send(ctx context.Context, config Config, connect dialers, emit func(Window) error) error {
	ctx, cancel := context.WithTimeout(ctx, config.MaxTime)
	defer cancel()
	outcomes, began := make(chan outcome), time.Now()
	var running sync.WaitGroup
	for kind, dial := range connect {
		running.Go(func() { sendKind(ctx, config, began, kind, newClient(kind, dial), outcomes) })
	}
	go func() {
		running.Wait()
		close(outcomes)
	}()
	err := emitWindows(began, outcomes, emit)
	cancel()
	for range outcomes { // so that requests under way can tell their outcome, and end
		continue
	}
	return err
}

// emitWindows turns outcomes into windows until there are no more.
func emitWindows(began time.Time, outcomes <-chan outcome, emit func(Window) error) error {
	counts := newTally(began)
	ticker := time.NewTicker(windowLength)
	defer ticker.Stop()
	for {
		select {
		case now := <-ticker.C:
			if err := emit(counts.cut(now)); err != nil {
				return err
			}
		case o, open := <-outcomes:
			if !open {
				return emit(counts.cut(time.Now()))
			}
			counts.add(o)
		}
	}
}
