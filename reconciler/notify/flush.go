package notify

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/controller"
)

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
