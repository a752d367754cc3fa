package leader_test

import (
	"context"
	"fmt"
	"os/signal"
	"syscall"
	"time"

	"github.com/tanist-dev/tanist/leader"
)

// An application that works while it leads, and steps down when it is told to stop.
func Example() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	for state := range leader.Watch(ctx) {
		for state.Valid() && ctx.Err() == nil {
			fmt.Println("working as the leader with term", state.Term)
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
			}
		}
	}
	// Nothing works as the leader any more, so the next one need not wait. The context of Watch is over.
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := leader.StepDown(ctx); err != nil {
		fmt.Println(err)
	}
}
