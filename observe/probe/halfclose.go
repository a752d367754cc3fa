package probe

import (
	"errors"
	"io"
	"net"
	"syscall"
)

// halfClose asks a server of which only a TCP port is known: it ends its own half of the connection and waits for the server to end the
// other. The kernel alone would accept a connection, but it does not end one for a process that hangs. A greeting is an answer, too.
type halfClose struct{ conn *net.TCPConn }

func (h halfClose) ask() error { return h.conn.CloseWrite() }

func (h halfClose) answer() (answer, error) {
	_, err := h.conn.Read(make([]byte, 1))
	if errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) {
		return answer{ready: true}, nil
	}
	return answer{ready: err == nil}, err
}
