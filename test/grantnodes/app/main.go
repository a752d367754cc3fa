//go:build linux

// Command app is the application of package grantnodes: it writes down when it holds a grant.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/tanist-dev/tanist/leader"
	"github.com/tanist-dev/tanist/test/grantnodes"
)

const (
	// interval is how often it looks.
	interval = 10 * time.Millisecond
	// longestLook is how far apart two readings of the clock may be around a look. More than that, and the process was stopped meanwhile: such a
	// look says little.
	longestLook = time.Millisecond
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run writes records into a folder until the context ends.
func run(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("got the arguments %q, want the folder for records", args)
	}
	pod, err := os.Hostname()
	if err != nil {
		return err
	}
	file, err := os.OpenFile(filepath.Join(args[0], pod), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer file.Close()
	failed := make(chan error, 1)
	go func() {
		failed <- http.ListenAndServe(":8080", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	}()
	return leader.Run(ctx, func(ctx context.Context, state leader.State) error {
		looks := time.NewTicker(interval)
		defer looks.Stop()
		for {
			if err := look(file, pod, state); err != nil {
				return err
			}
			select {
			case <-looks.C:
			case err := <-failed:
				return err
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	})
}

// look writes a record if the grant is valid.
func look(file *os.File, pod string, state leader.State) error {
	from, err := grantnodes.Now()
	if err != nil {
		return err
	}
	valid := state.Valid()
	to, err := grantnodes.Now()
	if err != nil || !valid || to-from > longestLook {
		return err
	}
	_, err = fmt.Fprintln(file, grantnodes.Record{From: from, To: to, Term: state.Term, Pod: pod})
	return err
}
