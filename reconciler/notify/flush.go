package notify

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// FlushingController runs a controller, and returns only when the controller has ended and its last Events are sent.
type FlushingController struct {
	controller.Controller
	Sender *EventSender
}

// NeedLeaderElection implements manager.LeaderElectionRunnable.
func (f FlushingController) NeedLeaderElection() bool {
	controller, ok := f.Controller.(manager.LeaderElectionRunnable)
	return !ok || controller.NeedLeaderElection() // as the manager treats those that do not say
}

// Start implements manager.Runnable.
func (f FlushingController) Start(ctx context.Context) error {
	err := f.Controller.Start(ctx)
	f.Sender.Wait()
	return err
}
