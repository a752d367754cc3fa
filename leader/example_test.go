package leader_test

import (
	"context"
	"fmt"
	"os/signal"
	"syscall"
	"time"

	"github.com/tanist-dev/tanist/leader"
)

// An application that works while it leads. When the leader moves, or it is told to stop, it ends its work, and the next leader begins.
func Example() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	err := leader.Run(ctx, func(ctx context.Context, state leader.State) error {
		for state.Valid() && ctx.Err() == nil {
			fmt.Println("working as the leader with term", state.Term)
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
			}
		}
		return ctx.Err()
	})
	if err != nil {
		fmt.Println(err)
	}
}
