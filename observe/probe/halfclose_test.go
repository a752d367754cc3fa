package probe_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/tanist-dev/tanist/observe"
)

func TestTCPServerAnswersWithItsEndOrAByte(t *testing.T) {
	for name, handle := range map[string]func(net.Conn){
		"it ends its half after ours": func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) },
		"it greets and waits":         func(conn net.Conn) { _, _ = io.WriteString(conn, "220 ready\r\n"); <-t.Context().Done() },
		"it resets after our half ended": func(conn net.Conn) {
			_, _ = io.Copy(io.Discard, conn)
			_ = conn.(*net.TCPConn).SetLinger(0)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := dial(t, observe.Probe{Kind: observe.ProbeTCP, Address: serve(t, handle)})
			ask(t, conn)
			if conn.Reusable() {
				t.Error("A connection that is half closed is said to be reusable")
			}
		})
	}
}

func TestTCPServerThatDoesNotNoticeOurEndIsSilent(t *testing.T) {
	conn := dial(t, observe.Probe{Kind: observe.ProbeTCP, Address: addressOf(listen(t))})
	if err := conn.Ask(within(t, patience)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("A server that nobody runs for has answered, or the error does not tell: %v", err)
	}
}
