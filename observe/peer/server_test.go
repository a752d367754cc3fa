package peer

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// patience is far longer than anything takes.
const patience = 20 * time.Second

// fakeManager remembers what was added.
type fakeManager struct {
	manager.Manager
	added []manager.Runnable
}

func (m *fakeManager) Add(runnable manager.Runnable) error {
	m.added = append(m.added, runnable)
	return nil
}

// serve runs a server until the test ends, and returns its address.
func serve(t *testing.T, source Source) net.Addr {
	t.Helper()
	mgr := &fakeManager{}
	if err := AddServer(mgr, "127.0.0.1:0", source); err != nil {
		t.Fatal(err)
	}
	server := mgr.added[0].(*manager.Server)
	if server.NeedLeaderElection() {
		t.Error("only the holder of the Lease would answer")
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- server.Start(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return server.Listener.Addr()
}

// dial connects to the address until the test ends.
func dial(t *testing.T, address net.Addr) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn
}

const hello = "GET /v1/heard HTTP/1.1\r\nHost: x\r\n\r\n"

// send sends a request, and returns the status of the answer.
func send(t *testing.T, conn net.Conn, request string) int {
	t.Helper()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode
}

func TestTheAddressZeroDisablesTheServer(t *testing.T) {
	mgr := &fakeManager{}
	if err := AddServer(mgr, "0", nodes{}); err != nil || len(mgr.added) != 0 {
		t.Errorf("the manager got %v (%v)", mgr.added, err)
	}
}

func TestAnAddressInUseIsAnErrorAtOnce(t *testing.T) {
	mgr := &fakeManager{}
	if err := AddServer(mgr, listen(t).Addr().String(), nodes{}); err == nil || len(mgr.added) != 0 {
		t.Errorf("the manager got %v, and no error", mgr.added)
	}
}

func TestTheServerTakesTheLongestQuestion(t *testing.T) {
	query := strings.Repeat("&node="+strings.Repeat("n", maxNameLength), maxNodes)
	request := fmt.Sprintf("GET /v1/heard?%s HTTP/1.1\r\nHost: x\r\n\r\n", query)
	if status := send(t, dial(t, serve(t, nodes{})), request); status != http.StatusOK {
		t.Errorf("the server answers %d", status)
	}
}

func TestTheServerRefusesLargeHeaders(t *testing.T) {
	request := "GET /v1/heard HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", maxHeaderBytes+8<<10) + "\r\n\r\n"
	if status := send(t, dial(t, serve(t, nodes{})), request); status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("the server answers %d to a header that is too large", status)
	}
}

func TestTheServerWaitsForNoSlowRequest(t *testing.T) {
	conn := dial(t, serve(t, nodes{}))
	if _, err := io.WriteString(conn, "GET /v1/heard HTTP/1.1\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(conn); err != nil {
		t.Errorf("the server does not close the connection: %v", err)
	}
}

func TestTheServerLimitsConnections(t *testing.T) {
	address := serve(t, nodes{})
	var open []net.Conn
	for range connectionsEach {
		conn := dial(t, address)
		send(t, conn, hello)
		open = append(open, conn)
	}
	if _, err := dial(t, address).Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("one connection more than allowed is served (%v)", err)
	}
	for _, conn := range open {
		send(t, conn, hello)
	}
	_ = open[0].Close()
	for deadline := time.Now().Add(patience); ; { // the server has yet to notice
		conn := dial(t, address)
		_, _ = io.WriteString(conn, hello)
		if _, err := conn.Read(make([]byte, 1)); err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("a connection that became free is not used")
		}
	}
}
