// Command server is a workload that behaves like the two kinds of servers whose connections say the least about them. It closes all kept
// connections on SIGHUP and goes on listening, as servers do that reload. With the argument proxy, it is a proxy that accepts every
// connection, as in a mesh, and starts the server behind it again whenever that ends.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

const (
	front  = ":8080"
	behind = "127.0.0.1:8081"
	// pause is how long the server behind the proxy stays away.
	pause = 500 * time.Millisecond
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	failed := make(chan error, 1)
	go func() { failed <- run(ctx, os.Args[1:]) }()
	select {
	case <-ctx.Done():
	case err := <-failed:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	switch {
	case len(args) == 1 && args[0] == "proxy":
		return proxy(ctx)
	case len(args) == 1 && args[0] == "behind":
		return listenAndServe(behind)
	}
	return listenAndServe(front)
}

func listenAndServe(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	reload := make(chan os.Signal, 1)
	signal.Notify(reload, syscall.SIGHUP)
	return serve(listener, reload)
}

// serve answers every request. A reload closes all connections but not the listener.
func serve(listener net.Listener, reload <-chan os.Signal) error {
	var mu sync.Mutex
	open := map[net.Conn]bool{}
	go func() {
		for range reload {
			mu.Lock()
			for conn := range open {
				_ = conn.Close()
			}
			mu.Unlock()
		}
	}()
	server := &http.Server{
		ReadHeaderTimeout: 5 * time.Second,
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") }),
		ConnState: func(conn net.Conn, state http.ConnState) {
			mu.Lock()
			defer mu.Unlock()
			if state == http.StateClosed || state == http.StateHijacked {
				delete(open, conn)
			} else {
				open[conn] = true
			}
		},
	}
	return server.Serve(listener)
}

// proxy accepts connections and passes them on.
func proxy(ctx context.Context) error {
	go keepRunning(ctx)
	listener, err := net.Listen("tcp", front)
	if err != nil {
		return err
	}
	for {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		go pass(conn, behind)
	}
}

// pass connects a client with the server at an address. It answers for a server that is away.
func pass(conn net.Conn, address string) {
	defer conn.Close()
	server, err := net.Dial("tcp", address)
	if err != nil {
		_, _ = io.WriteString(conn, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		return
	}
	defer server.Close()
	ended := make(chan struct{}, 2)
	for _, pair := range [][2]net.Conn{{conn, server}, {server, conn}} {
		go func() {
			_, _ = io.Copy(pair[0], pair[1])
			ended <- struct{}{}
		}()
	}
	<-ended
}

// keepRunning starts the server behind the proxy again and again.
func keepRunning(ctx context.Context) {
	for ctx.Err() == nil {
		command := exec.CommandContext(ctx, os.Args[0], "behind")
		command.Stderr = os.Stderr
		if err := command.Run(); err != nil && !errors.Is(err, context.Canceled) {
			fmt.Fprintln(os.Stderr, "the server behind has ended:", err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}
