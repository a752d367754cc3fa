package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	_ "k8s.io/client-go/plugin/pkg/client/auth" // as kubectl: a kubeconfig may have an auth-provider

	"github.com/tanist-dev/tanist/bench/traffic"
)

// version is set by the build with -ldflags "-X main.version=v1.2.3".
var version = "dev"

// interrupts are the signals that end the program. SIGHUP is none after nohup.
func interrupts() []os.Signal {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		all = append(all, syscall.SIGHUP)
	}
	return all
}

func main() {
	// A terminal that is closed ends the program like Ctrl-C: it may have something to remove first.
	ctx, stop := signal.NotifyContext(context.Background(), interrupts()...)
	context.AfterFunc(ctx, stop) // A second Ctrl-C ends the program immediately.
	err := newRootCommand(version).ExecuteContext(ctx)
	stop()
	switch {
	case errors.Is(err, traffic.ErrCrash):
		os.Exit(traffic.CrashCode)
	case err != nil:
		fmt.Fprintf(os.Stderr, "error: %v\n", err)
		os.Exit(1)
	}
}
