package notify

import (
	"context"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/controller"
)

// flushTimeout is how long a replica that stops goes on trying to send its last Events.
const flushTimeout = 5 * time.Second

// FlushingController runs a controller on every replica, and returns only when the controller has ended and its last Events are sent.
type FlushingController struct {
	controller.Controller
	Sender *EventSender
}

// NeedLeaderElection implements manager.LeaderElectionRunnable.
func (FlushingController) NeedLeaderElection() bool { return false }

// Start implements manager.Runnable.
func (f FlushingController) Start(ctx context.Context) error {
	err := f.Controller.Start(ctx)
	f.Sender.Wait()
	return err
}

// outlasting returns a context that ends some time after another one.
func outlasting(ctx context.Context, by time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(by, cancel) })
	return longer, func() {
		stop()
		cancel()
	}
}
