package main

import (
	"context"
	"fmt"
	"os"

	"k8s.io/klog/v2"
	"k8s.io/klog/v2/textlogger"
	ctrl "sigs.k8s.io/controller-runtime"
)

func main() {
	if err := run(ctrl.SetupSignalHandler(), parse(os.Args[1:])); err != nil {
		klog.ErrorS(err, "Stopped")
		klog.FlushAndExit(klog.ExitFlushTimeout, 1)
	}
}

// run blocks until ctx ends or a controller fails.
func run(ctx context.Context, o options) error {
	log := textlogger.NewLogger(o.logging)
	klog.SetLogger(log)
	ctrl.SetLogger(log)

	mgr, err := newManager(ctx, o)
	if err != nil {
		return err
	}
	if err := mgr.Start(ctx); err != nil {
		return fmt.Errorf("failed to run the controllers: %w", err)
	}
	return nil
}
