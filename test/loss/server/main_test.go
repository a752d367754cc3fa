package main

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"testing"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener
}

func dial(t *testing.T, address string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn, bufio.NewReader(conn)
}

// ask sends a request on a connection and returns the status of the answer.
func ask(t *testing.T, conn net.Conn, answers *bufio.Reader) int {
	t.Helper()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(answers, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode
}

func TestAReloadClosesConnectionsAndNotTheListener(t *testing.T) {
	listener, reload := listen(t), make(chan os.Signal)
	go func() { _ = serve(listener, reload) }()
	conn, answers := dial(t, listener.Addr().String())
	if status := ask(t, conn, answers); status != http.StatusOK {
		t.Fatalf("got status %d before the reload, want 200", status)
	}

	reload <- syscall.SIGHUP

	if _, err := answers.ReadByte(); !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %v from the kept connection, want its end", err)
	}
	conn, answers = dial(t, listener.Addr().String())
	if status := ask(t, conn, answers); status != http.StatusOK {
		t.Errorf("got status %d after the reload, want 200", status)
	}
}

func TestTheProxy(t *testing.T) {
	up := listen(t)
	go func() { _ = serve(up, nil) }()
	away := listen(t)
	_ = away.Close()
	cases := map[string]struct {
		address string
		want    int
	}{
		"passes requests on":                            {up.Addr().String(), http.StatusOK},
		"accepts and answers for a server that is away": {away.Addr().String(), http.StatusServiceUnavailable},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			front := listen(t)
			go func() {
				if conn, err := front.Accept(); err == nil {
					pass(conn, test.address)
				}
			}()
			conn, answers := dial(t, front.Addr().String())
			if status := ask(t, conn, answers); status != test.want {
				t.Errorf("got status %d, want %d", status, test.want)
			}
		})
	}
}
