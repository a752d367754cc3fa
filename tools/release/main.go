package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/pflag"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := pflag.NewFlagSet("tanist-release", pflag.ContinueOnError)
	version := flags.String("version", "", "the version, as the tag in git: v1.2.3")
	registry := flags.String("registry", "", "where the images are going to be, such as registry.example.com/team")
	out := flags.String("out", "dist", "the folder for the release, which is removed first")
	if err := flags.Parse(args); err != nil {
		return err
	}
	r, err := newRelease(*version, *registry, *out)
	if err != nil {
		return err
	}
	if err := r.readCommit(ctx); err != nil {
		return err
	}
	return r.make(ctx)
}
