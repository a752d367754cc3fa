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

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
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
